import { startBackups } from './backups.ts';
import type { Temper } from './box/machine.ts';
import { startClients } from './clients.ts';
import type { Command } from './commands.ts';
import { cut, dies, reboot } from './connection.ts';
import { incidents } from './incidents.ts';
import { Violation, type Watch, watch } from './invariants.ts';
import { ELSEWHERE, HERE, type Incident } from './operator.ts';
import { pass } from './pass.ts';
import { perform, performBoth, type Rival } from './perform.ts';
import { setInOrder } from './set-in-order.ts';
import type { Ending } from './told.ts';
import { acceptors, flushHeld } from './traffic.ts';
import { bake, newWorld, SKEW_MS, type World } from './world.ts';

export interface Told {
  readonly seed: number;
  readonly lines: readonly string[];
  /** What must never be true and was; undefined when all went well. */
  readonly violation: string | undefined;
  readonly writes: number;
  readonly endings: Readonly<Record<string, number>>;
}

/** One seed, one story: releases come and go under load while things break; then the weather calms and all is put in order. */
export async function tellStory(seed: number): Promise<Told> {
  const world = newWorld(seed);
  const endings: Record<string, number> = {};
  let violation: string | undefined;
  try {
    await chapters(world, watching(world), (command, ending) => {
      const name = `${command.kind} ${ending.kind === 'failure' ? ending.code : ending.kind}`;
      endings[name] = (endings[name] ?? 0) + 1;
    });
  } catch (error) {
    violation = error instanceof Violation ? error.message : String(error instanceof Error ? error.stack : error);
    world.tell(`VIOLATION: ${violation}`);
  }
  return { seed, lines: world.story, violation, writes: world.ledger.promised.count, endings };
}

export function watching(world: World): Watch {
  const invariants = watch(world);
  return {
    check: () => {
      for (const machine of world.machines) flushHeld(world, machine);
      invariants.check();
    },
  };
}

type Note = (command: Command, ending: Ending) => void;

async function chapters(world: World, watch: Watch, note: Note): Promise<void> {
  const { random } = world;
  const go: Go = async (command, incidents = [], rival = undefined) => {
    if (rival === undefined) {
      const ending = await perform(world, watch, command, incidents);
      note(command, ending);
      return ending;
    }
    const [first, second] = await performBoth(world, watch, command, incidents, rival);
    note(command, first);
    note(rival.command, second);
    return first;
  };
  bake(world, 'good');
  startClients(world);
  startBackups(world);
  await insist(world, watch, go, { kind: 'promote', again: false }, random.chance(0.3));
  for (let chapter = random.int(1, 3); chapter > 0; chapter -= 1) {
    await pass(world, watch, random.int(1_000, 900_000));
    if (random.chance(0.15)) lengthenTtl(world);
    await insist(world, watch, go, nextCommand(world), true);
  }
  await setInOrder(world, watch, go);
}

const LONG_TTL_SECONDS = 3_600;

/** Somebody has it so in the account's web pages. */
function lengthenTtl(world: World): void {
  world.tell(`the TTL of the name is set to ${LONG_TTL_SECONDS} s`);
  world.zone.setTtl(LONG_TTL_SECONDS);
}

type Go = (command: Command, incidents?: readonly Incident[], rival?: Rival) => Promise<Ending>;

/** Killed or failed, an operator tries again: the same command, or what seems better. */
async function insist(world: World, watch: Watch, go: Go, command: Command, troubled: boolean): Promise<void> {
  let wanted = command;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const trouble = troubled ? incidents(world) : [];
    const ending = await go(wanted, trouble, troubled && world.random.chance(0.25) ? rival(world) : undefined);
    if (ending.kind === 'success') return;
    await pass(world, watch, world.random.pick([1_500, 5_000, 20_000, 200_000]));
    if (world.random.chance(0.3)) wanted = nextCommand(world);
  }
}

/** Somebody else, on this computer or another, begins something of their own before the first is done. */
function rival(world: World): Rival {
  const { random } = world;
  return {
    command: random.chance(0.2) ? { kind: random.pick(['resume', 'abort']) } : nextCommand(world),
    incidents: incidents(world),
    computer: random.pick([HERE, ELSEWHERE]),
    afterMs: random.pick([0, random.int(0, 5_000), random.int(0, 60_000)]),
  };
}

const TEMPERS: readonly Temper[] = [
  ...(['good', 'good', 'good', 'good', 'never healthy', 'ill when it serves'] as const),
  ...(['errs under traffic', 'slow under traffic'] as const),
];

function nextCommand(world: World): Command {
  const { random } = world;
  const kind = random.pick(['promote', 'promote', 'promote', 'rollback', 'rollback', 'restore', 'retire', 'prepare']);
  for (let strikes = random.pick([0, 0, 0, 0, 1, 1, 2]); strikes > 0; strikes -= 1) {
    world.timeline.wakeAfter(random.pick([0, random.int(0, 60_000)]), () => strike(world));
  }
  switch (kind) {
    case 'promote':
    case 'prepare':
      if (random.chance(0.7)) bake(world, random.pick(TEMPERS));
      return { kind, again: random.chance(0.5) };
    case 'rollback':
      // Any machine by name: also one that is fenced, which takes it back.
      if (world.machines.length > 0 && random.chance(0.2)) {
        return { kind, loseWrites: random.chance(0.7), to: random.pick(world.machines).disk.release };
      }
      return { kind, loseWrites: random.chance(0.3) };
    case 'restore':
      return { kind, loseWrites: random.chance(0.3) };
    default:
      return { kind: 'retire', force: false };
  }
}

/** A machine's hardware, its power, or the network to it; mostly the writer's. */
function strike(world: World): void {
  const [writer] = acceptors(world);
  const { random, machines } = world;
  if (machines.length === 0 || world.calm) return;
  const victim = writer !== undefined && random.chance(0.6) ? writer : random.pick(machines);
  if (!victim.task.alive) return;
  const what = world.random.pick([
    'dies',
    'reboots',
    'is cut off',
    'has its clock set',
    'has a backup that rots',
  ] as const);
  if (what === 'dies') dies(victim);
  if (what === 'reboots') reboot(victim);
  const newest = world.store.at(-1);
  if (what === 'has a backup that rots' && newest !== undefined) {
    world.rotten.add(newest.id);
    world.tell(`backup ${newest.name} rots`);
  }
  if (what === 'has its clock set') {
    const ms = random.int(...SKEW_MS);
    victim.skewMs += ms;
    world.jumpedMs += Math.abs(ms);
    world.tell(`the clock of ${victim.address} is set by ${ms / 1_000} s`);
  }
  if (what === 'is cut off') {
    world.tell(`${victim.address} is cut off`);
    cut(victim, 60_000, 600_000);
  }
}
