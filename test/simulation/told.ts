import type { Backup } from '../../bluegreen/backups.ts';
import type { Plan } from '../../bluegreen/plan.ts';
import { ERROR_CODES, type ErrorCode } from '../../operation/errors.ts';
import type { Machine } from './box/machine.ts';
import type { Command } from './commands.ts';
import {
  checkAgreed,
  checkNewestChosen,
  checkNothingLost,
  couldGoOn,
  isDown,
  serves,
  Violation,
} from './invariants.ts';
import type { Operator } from './operator.ts';
import { acceptors, decide } from './traffic.ts';
import { SKEW_MS, type World } from './world.ts';
import { has, missingIn, noWrites, type Writes } from './writes.ts';

export type Ending =
  | { readonly kind: 'killed' }
  | { readonly kind: 'success'; readonly release: string | undefined }
  | { readonly kind: 'failure'; readonly exitCode: number; readonly code: ErrorCode };

/** What is said is rounded to whole seconds, by three clocks. */
const ROUNDED_MS = 3_000;

/** A command and what it is held to. */
export interface Told {
  readonly world: World;
  readonly command: Command;
  readonly caller: Operator;
  readonly seen: Seen;
}

export interface Seen {
  readonly before: Machine | undefined;
  readonly bootId: string | undefined;
  readonly wasLed: boolean;
  readonly askedAt: number;
  readonly asked: readonly { readonly machine: Machine; readonly life: Machine['task'] }[];
  /** What the writer's newest backup had: it may be making another right now. */
  readonly saved: Writes | undefined;
  /** Changes that others had made, and those that came late. */
  readonly others: number;
  readonly late: number;
}

/** What there is now, for a command that begins. */
export function look(world: World, caller: Operator): Seen {
  const [before] = acceptors(world);
  const askedAt = world.timeline.now();
  return {
    before,
    bootId: before?.memory.bootId,
    wasLed: before !== undefined && leadsTo(world, before, false),
    askedAt,
    asked: world.machines.filter((one) => couldGoOn(one, askedAt)).map((machine) => ({ machine, life: machine.task })),
    saved: world.ledger.saved,
    others: othersChanges(world, caller),
    late: world.changes.late,
  };
}

function othersChanges({ changes }: World, caller: Operator): number {
  return changes.made - caller.changes.made;
}

/** What a command says before anything happens. */
export function checkPlan({ world, command, seen }: Told, plan: Plan): void {
  world.tell(`  plan: ${plan.action}`);
  checkAgreed(
    seen.asked.filter(({ life }) => life.alive).map(({ machine }) => machine),
    command,
    plan,
  );
  if (plan.action === 'fall-back' && !('to' in command)) checkNewestChosen(world, plan.to.address, seen.askedAt);
  if (!('lostSeconds' in plan)) return;
  if (plan.action === 'restore') checkNewestBackup(world, plan.backup, command, seen);
  // Who restores a backup need not be who made it, and dated it.
  const apartMs = world.skewed ? 2 * (SKEW_MS[1] - SKEW_MS[0]) : 0;
  const since = world.timeline.now() - plan.lostSeconds * 1_000 - ROUNDED_MS - world.jumpedMs - apartMs;
  world.ledger.mayLoseAfter = Math.min(since, world.ledger.mayLoseAfter ?? since);
}

/** Nothing that was in the writer's newest backup is left behind, whoever else has written to the repository since. */
function checkNewestBackup({ ledger, archives }: World, { id, name }: Backup, command: Command, { saved }: Seen): void {
  if (saved === undefined || ('backup' in command && command.backup !== undefined)) return;
  const chosen = archives.get(id)?.state ?? noWrites();
  const { promised, promisedAt, mayLoseAfter = Number.POSITIVE_INFINITY } = ledger;
  const owed = (write: number): boolean => has(promised, write) && (promisedAt[write] ?? 0) < mayLoseAfter;
  const left = missingIn(saved, chosen).filter(owed);
  if (left.length > 0) throw new Violation(`${name} is restored, and a newer backup has ${left.length} more writes`);
}

/** What a command says at its end. */
export function checkEnding({ world, caller, seen }: Told, ending: Ending): void {
  if (caller.changes.late > 0) checkSaysLost(ending, caller.changes.late);
  // Others changed something since it was its turn: what it was told then need not hold now.
  if (othersChanges(world, caller) > seen.others || world.changes.late > seen.late) return;
  if (ending.kind === 'success') checkSuccess(world, ending.release);
  const { before, bootId, wasLed } = seen;
  if (ending.kind !== 'failure' || before === undefined || before.memory.bootId !== bootId) return;
  const heldByAnother = before.memory.holdUntil > 0 && !caller.calls.has('box.hold');
  const relay = world.machineAt(before.disk.takeoverFrom);
  const cutOff = relay !== undefined && !relay.memory.up;
  if (!heldByAnother && !cutOff) checkFailure(world, ending, before, wasLed);
}

/** Who slept through somebody else's turn may have sent one call more to the account, which refuses nobody. Then it stops. */
function checkSaysLost(ending: Ending, late: number): void {
  if (late > 1) throw new Violation(`it changed ${late} things after another had taken over`);
  if (ending.kind === 'killed' || (ending.kind === 'failure' && ending.exitCode === ERROR_CODES.LEASE_LOST)) return;
  throw new Violation(`it went on after another had taken over, and ended with ${JSON.stringify(ending)}`);
}

/** Success: the wanted release is the writer, and the name servers agree. */
function checkSuccess(world: World, release: string | undefined): void {
  if (release === undefined) return;
  const writer = world.machines.find(({ disk }) => disk.release === release && disk.role === 'writer');
  if (writer === undefined) throw new Violation(`success, but ${release} is not the writer`);
  const elsewhere = [0, 1].filter(
    (server) =>
      world.zone.answer(server) !== (world.byReservedIp ? world.reservedIp.address : writer.address) &&
      !world.zone.isBetween(server),
  );
  if (world.byReservedIp && world.holder() !== writer)
    throw new Violation('success, but the reserved IP leads elsewhere');
  if (elsewhere.length > 0) throw new Violation(`success, but name server ${elsewhere} leads elsewhere`);
  if (writer.memory.up && !acceptors(world).includes(writer))
    throw new Violation(`success, but ${release} serves nobody`);
  checkNothingLost(world, writer);
  world.ledger.mayLoseAfter = undefined;
}

const STILL_SERVES = [1, 3, 4, 130];

/** All exit codes but "left unfinished" promise that what served before still serves. */
function checkFailure(
  world: World,
  { exitCode, code }: { exitCode: number; code: string },
  before: Machine,
  wasLed: boolean,
): void {
  if (!STILL_SERVES.includes(exitCode) || !before.memory.up) return;
  const [now] = acceptors(world);
  if (now !== before) {
    throw new Violation(`exit ${exitCode} (${code}), but ${before.address} does not serve any more: ${now?.address}`);
  }
  if (wasLed && !leadsTo(world, before, true))
    throw new Violation(`exit ${exitCode} (${code}), but the name leads elsewhere`);
}

/** Does the name lead to it, directly or through relays? Where one on the way is down, nobody can tell: `whenDown`. */
function leadsTo(world: World, machine: Machine, whenDown: boolean): boolean {
  const record = world.zone.records().find(({ type }) => type === 'A');
  if (record === undefined) return false;
  const led = decide(world, record.data, 'client');
  if (isDown(world, record.data, led)) return whenDown;
  return serves(led) && led.at === machine;
}
