import { AnnyError, type ErrorCode } from '../../operation/errors.ts';
import type { Task } from './timeline.ts';
import type { World } from './world.ts';

/** What may happen at a call of a port. */
export const HAPPENINGS = {
  any: ['killed before', 'killed after', 'interrupted', 'clock jumps', 'sleeps before', 'sleeps after', 'sleeps on'],
  cloud: [
    'refused',
    'unreachable before',
    'unreachable after',
    'throttled',
    'API down',
    'API slow',
    'late detach',
    'done and 500',
    'never boots',
    'one server late',
  ],
  box: [
    'cut before',
    'cut after',
    'cut long',
    'reboot',
    'dies',
    'vanishes',
    'full disk',
    'torn pull',
    'slow',
    'slow and cut',
  ],
} as const;
export type Happening = (typeof HAPPENINGS)[keyof typeof HAPPENINGS][number] | keyof typeof SERVER_LATE_MS;

/** How much later than the others a name server takes a change over; in a story chance says it, in a scenario its test. */
export const SERVER_LATE_MS = {
  'one server late': [60_000, 3_600_000],
  'one server two minutes late': [120_000, 120_000],
  'one server an hour late': [3_600_000, 3_600_000],
} as const;

export function isServerLate(what: Happening | undefined): what is keyof typeof SERVER_LATE_MS {
  return what !== undefined && what in SERVER_LATE_MS;
}

/** Something that happens at one call: the n-th of all, or the n-th of a name. */
export interface Incident {
  readonly call: string;
  readonly count: number;
  readonly what: Happening;
}

/** A command that runs on somebody's computer. Killed, it stops at the await where it is. */
export interface Operator {
  /** The computer whose journal it writes. */
  readonly computer: string;
  readonly task: Task;
  readonly interrupt: AbortController;
  readonly incidents: readonly Incident[];
  readonly calls: Map<string, number>;
  /** The account's API cannot be reached from here until then. */
  offlineUntil: number;
  /** Stopped, or its lid closed: nothing reaches it, and it does nothing, until then. */
  asleepUntil: number;
  /** Of the lease that its command holds. */
  token: () => number | undefined;
  /** What it changed in the world: in its turn, and after it. */
  readonly changes: { made: number; late: number; turn: number };
  /** Its process, as others of the same computer see it. */
  readonly process: string;
  killed: () => void;
}

export const HERE = 'here';
export const ELSEWHERE = 'elsewhere';

export function operator(process: string, incidents: readonly Incident[], computer = HERE): Operator {
  const calls = new Map<string, number>();
  return {
    ...{ computer, process },
    task: { alive: true },
    interrupt: new AbortController(),
    incidents,
    calls,
    offlineUntil: 0,
    asleepUntil: 0,
    changes: { made: 0, late: 0, turn: 0 },
    token: () => undefined,
    killed: () => undefined,
  };
}

function meet(world: World, caller: Operator, name: string): Happening | undefined {
  const { computer, incidents, calls, interrupt } = caller;
  const counts = ['any', name].map((call) => [call, (calls.get(call) ?? 0) + 1] as const);
  for (const [call, count] of counts) calls.set(call, count);
  const met = incidents.find((one) => counts.some(([call, count]) => one.call === call && one.count === count));
  if (met === undefined) return undefined;
  world.tell(`  ! ${met.what} at ${name}`);
  if (met.what === 'interrupted') interrupt.abort();
  if (met.what === 'clock jumps') world.jump(computer);
  if (met.what === 'sleeps on') caller.asleepUntil = world.timeline.now() + LONG_SLEEP_MS;
  else if (met.what.startsWith('sleeps')) caller.asleepUntil = world.timeline.now() + world.random.int(...SLEEP_MS);
  return met.what;
}

/** Something in the world is other than before, by this operator's doing; too late, when somebody else has had a turn since. */
export function noteChange(world: World, { changes }: Operator): void {
  const kind = changes.turn > 0 && changes.turn < world.changes.turn ? 'late' : 'made';
  world.changes[kind] += 1;
  changes[kind] += 1;
}

/** It is this operator's turn, and nobody else's any more. */
export function takeTurn(world: World, { changes }: Operator): void {
  world.changes.turn += 1;
  changes.turn = world.changes.turn;
}

/** By the clock of its computer. */
export function timeOf(world: World, { computer }: Operator): number {
  return world.timeline.now() + world.skewOf(computer);
}

export function kill({ task, killed }: Operator): void {
  task.alive = false;
  killed();
}

export type Effect<T> = (what: Happening | undefined) => Promise<T>;

const LATENCY_MS = [5, 80] as const;
/** From less than a lease takes to expire to much more. */
const SLEEP_MS = [15_000, 150_000] as const;
/** Long enough for somebody else to take over and be done. */
const LONG_SLEEP_MS = 400_000;

/**
 * One call of a port: it travels, has its effect, and the answer travels back. The effect does not care whether the
 * caller still lives: what was sent before a kill still happens.
 */
export function call<T>(world: World, caller: Operator, name: string, effect: Effect<T>): Promise<T> {
  const { timeline, random } = world;
  return new Promise((resolve, reject) => {
    if (!caller.task.alive) return;
    const what = meet(world, caller, name);
    if (what === 'killed before') return kill(caller);
    const latency = (): number => random.int(...LATENCY_MS);
    const asleep = (): number => Math.max(0, caller.asleepUntil - timeline.now());
    const arrive = (act: () => void): void => {
      if (asleep() > 0) timeline.wakeAfter(asleep(), () => arrive(act));
      else if (caller.task.alive) act();
    };
    const answer = (act: () => void): void => timeline.wakeAfter(latency(), () => arrive(act));
    timeline.wakeAfter(
      latency() + (what === 'sleeps before' || what === 'sleeps on' ? asleep() : 0),
      () =>
        void effect(what).then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        ),
    );
    if (what === 'killed after') kill(caller);
  });
}

/** What the caller does on its own computer: nothing travels. */
export function callHere<T>(world: World, caller: Operator, name: string, effect: Effect<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (!caller.task.alive) return;
    const what = meet(world, caller, name);
    if (what === 'killed before') return kill(caller);
    effect(what).then(
      (value) => caller.task.alive && resolve(value),
      (error: unknown) => caller.task.alive && reject(error),
    );
    if (what === 'killed after') kill(caller);
  });
}

export function fault(code: ErrorCode, doing: string, found: string): AnnyError {
  return new AnnyError(code, { doing, found, next: 'run the same command again' });
}
