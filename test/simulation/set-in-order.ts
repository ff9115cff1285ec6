import { newestFirst } from '../../bluegreen/backups.ts';
import { isWrong } from '../../bluegreen/doctor/finding.ts';
import { fixAll, isMendable } from '../../bluegreen/doctor/fix-all.ts';
import { powerOn } from './box/boot.ts';
import type { Command } from './commands.ts';
import { checkNothingLost, serves, Violation, type Watch } from './invariants.ts';
import { fault } from './operator.ts';
import { pass } from './pass.ts';
import { lookAround } from './perform.ts';
import type { Ending } from './told.ts';
import { decide } from './traffic.ts';
import { bake, type World } from './world.ts';

const ROUNDS = 16;
const WAIT_MS = 700_000;
/** Whatever the clocks of those who were cut off. */
const CLAIM_LIMIT_MS = 180_000;
/** Where a story has no backups, none that follow the data, or clocks that differ, the doctor goes on saying so. */
const STAYS = ['backup-none', 'backup-behind', 'clock-skew'];

type Go = (command: Command) => Promise<Ending>;
type View = Awaited<ReturnType<typeof lookAround>>;

/** Every state has a next step: what `status` says is done, until it says that all is well. Or the doctor does what it can first. */
export async function setInOrder(world: World, watch: Watch, go: Go): Promise<void> {
  const byDoctor = world.random.chance(0.4);
  world.calm = true;
  world.tell(`the weather calms; things are put in order by ${byDoctor ? 'doctor --fix' : 'what status says'}`);
  await pass(world, watch, 2_000);
  for (const machine of world.machines) Object.assign(machine, { cutUntil: 0, fullUntil: 0, tornPull: false });
  Object.assign(world.weather, { throttledUntil: 0, downUntil: 0, stillborn: false, serverLateMs: undefined });
  await pass(world, watch, 1_000);
  bake(world, 'good');
  let before = '';
  const calmSince = world.timeline.now();
  for (let round = 0; round < ROUNDS; round += 1) {
    await pass(world, watch, 30_000);
    const view = byDoctor ? await fixByDoctor(world, watch, go) : await lookAround(world, watch);
    checkKnown(world, view.machines.length);
    world.tell(`status: ${view.situation}; next: ${view.next.command}`);
    // A command that was killed just now still counts as one that runs.
    if (view.next.command === 'anny-bluegreen lock list') {
      if (world.timeline.now() - calmSince > CLAIM_LIMIT_MS)
        throw new Violation('status says that a command runs, and none does');
      continue;
    }
    if (isDone(world, view)) {
      checkInOrder(world, view);
      return checkClaimsGo(world, go);
    }
    if (view.situation === 'two-writers') throw new Violation('status finds two writers');
    const waits = byDoctor && view.findings.some(isMendable);
    if (view.next.command === before || waits) await pass(world, watch, WAIT_MS);
    if (waits) continue;
    before = view.next.command;
    // No command cures an app; what else is wrong, the doctor says.
    const besides = saysIll(view) ? view.findings.find(isMendable)?.repair : undefined;
    // A probe that failed for no reason: the logs say nothing, and the next one is good.
    if (besides === undefined && before === 'anny-bluegreen logs') continue;
    const ending = await go(besides?.kind === 'fix' ? besides.action : commandOf(before));
    // What cannot be gone on with is taken back, as its failure says.
    if (ending.kind === 'failure' && before === 'anny-bluegreen resume') await go({ kind: 'abort' });
    if (ending.kind === 'failure' && ending.code === 'LEASE_HELD') throw new Violation('a lock sticks');
    if (ending.kind === 'failure' && ending.exitCode === 4 && !(await insistOrGiveUp(world, go, before))) return;
  }
  throw new Violation('following what status says does not put things in order');
}

async function fixByDoctor(world: World, watch: Watch, go: Go): Promise<View> {
  let view = await lookAround(world, watch);
  const look = async (): Promise<View['findings']> => {
    view = await lookAround(world, watch);
    return view.findings;
  };
  const { done } = await fixAll(
    {
      look,
      repair: async (action) => {
        const ending = await go(action);
        if (ending.kind === 'failure') throw fault(ending.code, action.kind, 'as told above');
      },
    },
    view.findings,
  );
  world.tell(`doctor --fix: ${done.join(', ') || 'nothing to do'}`);
  return view;
}

/** All is well, or nothing is wrong but the app itself: nothing is destroyed while it is ill. */
function isDone(world: World, view: View): boolean {
  const { next, findings } = view;
  if (next.command.startsWith('anny-image build')) return true;
  const isIll = world.machines.some(
    ({ disk, temper }) => disk.release === view.writer && temper === 'ill when it serves',
  );
  const settled = findings.filter(isMendable).every(({ code }) => code === 'standby-overdue' || code === 'orphan');
  return isIll && settled && saysIll(view);
}

function saysIll({ findings }: View): boolean {
  return findings.some(({ code }) => code === 'app-ill');
}

function commandOf(text: string): Command {
  const [, release, verb] = /ssh (\S+) -- sudo anny-box (fence|stop)$/.exec(text) ?? [];
  if (release !== undefined && (verb === 'fence' || verb === 'stop')) return { kind: verb, release };
  const [, kind, name] = text.split(' ');
  switch (kind) {
    case 'resume':
    case 'abort':
      return { kind };
    case 'promote':
      return { kind, again: false };
    case 'settle':
    case 'backup':
      return { kind };
    case 'rollback': {
      const to = / --to (\S+)/.exec(text)?.[1];
      return { kind, loseWrites: text.includes('--lose-writes'), ...(to === undefined ? {} : { to }) };
    }
    case 'restore':
      return { kind, loseWrites: text.includes('--lose-writes') };
    case 'retire':
      return { kind, force: text.includes('--force'), ...(name === undefined ? {} : { release: name }) };
    default:
      throw new Violation(`status says something that is no command: ${text}`);
  }
}

/** A refusal names what would be lost; when there is nothing else the operator agrees. False when all is lost. */
async function insistOrGiveUp(world: World, go: Go, text: string): Promise<boolean> {
  const command = commandOf(text);
  if (command.kind !== 'rollback' && command.kind !== 'restore') return true;
  if (world.machines.every(({ memory, disk }) => memory.up && disk.role !== 'fenced')) {
    throw new Violation('writes are to be given up although every machine is alive');
  }
  let ending = await go({ ...command, loseWrites: true });
  for (const { name } of newestFirst(world.store)) {
    if (!isCorrupt(ending)) break;
    ending = await go({ kind: 'restore', backup: name, loseWrites: true });
  }
  if (ending.kind !== 'failure' || (ending.code !== 'BACKUP_MISSING' && !isCorrupt(ending))) return true;
  const off = world.machines.filter(({ address }) => startByHand(world, address));
  if (off.length > 0) return true;
  world.tell('the only copy is gone, and there is no backup that is whole');
  return false;
}

function isCorrupt(ending: Ending): boolean {
  return ending.kind === 'failure' && ending.code === 'BACKUP_UNPROVED';
}

function checkKnown(world: World, seen: number): void {
  if (seen !== world.rented.size)
    throw new Violation(`the account has ${world.rented.size} machines, status knows ${seen}`);
}

/** Claims of those who are gone stay until the next command, and no longer. */
async function checkClaimsGo(world: World, go: Go): Promise<void> {
  if (world.notes.list('').length === 0) return;
  await go({ kind: 'abort' });
  const left = world.notes.list('').map(({ text }) => text);
  if (left.length > 0) throw new Violation(`claims are left, and nobody works: ${left.join(', ')}`);
}

function checkInOrder(world: World, view: View): void {
  const { writer, findings } = view;
  const machine = world.machines.find(({ disk }) => disk.release === writer);
  const record = world.zone.records().find(({ type }) => type === 'A');
  if (machine === undefined || record === undefined) throw new Violation('all is well, says status, but nobody writes');
  // Nobody is led to an app that answers badly.
  if (saysIll(view)) return;
  const led = decide(world, record.data, 'client');
  if (!serves(led) || led.at !== machine) throw new Violation('all is well, says status, but the name leads elsewhere');
  checkNothingLost(world, machine);
  const tags = [...world.rented.values()].find((one) => one.machine === machine)?.tags ?? [];
  if (!tags.includes('stage=live'))
    throw new Violation(`all is well, says status, but the account does not know who is live`);
  const wrong = findings.filter((one) => isWrong(one) && !STAYS.includes(one.code)).map(({ found }) => found);
  if (wrong.length > 0) throw new Violation(`all is well, says status, but the doctor finds: ${wrong.join('; ')}`);
}

/** What an operator does in the account by hand: a machine that is only off is started again. */
function startByHand(world: World, address: string): boolean {
  const machine = world.machineAt(address);
  if (machine === undefined || machine.dead || machine.power !== 'stopped') return false;
  world.tell(`${address} is started by hand`);
  powerOn(machine, 5_000);
  return true;
}
