import { AnnyError, type ErrorCode } from '../../operation/errors.ts';
import type { Task } from './timeline.ts';
import type { World } from './world.ts';

/** What may happen at a call of a port. */
export const HAPPENINGS = {
  any: ['killed before', 'killed after', 'interrupted', 'clock jumps'],
  cloud: [
    'refused',
    'unreachable before',
    'unreachable after',
    'throttled',
    'API down',
    'done and 500',
    'never boots',
    'one server late',
  ],
  box: ['cut before', 'cut after', 'cut long', 'reboot', 'dies', 'full disk', 'torn pull', 'slow', 'slow and cut'],
} as const;
export type Happening = (typeof HAPPENINGS)[keyof typeof HAPPENINGS][number];

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
  /** Of the lease that its command holds. */
  token: () => number | undefined;
  /** Its process, as others of the same computer see it. */
  readonly process: string;
  killed: () => void;
}

export const HERE = 'here';

export function operator(process: string, incidents: readonly Incident[], computer = HERE): Operator {
  const calls = new Map<string, number>();
  return {
    ...{ computer, process },
    task: { alive: true },
    interrupt: new AbortController(),
    incidents,
    calls,
    offlineUntil: 0,
    token: () => undefined,
    killed: () => undefined,
  };
}

function meet(world: World, { computer, incidents, calls, interrupt }: Operator, name: string): Happening | undefined {
  const counts = ['any', name].map((call) => [call, (calls.get(call) ?? 0) + 1] as const);
  for (const [call, count] of counts) calls.set(call, count);
  const met = incidents.find((one) => counts.some(([call, count]) => one.call === call && one.count === count));
  if (met === undefined) return undefined;
  world.tell(`  ! ${met.what} at ${name}`);
  if (met.what === 'interrupted') interrupt.abort();
  if (met.what === 'clock jumps') world.jump(computer);
  return met.what;
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
    const answer = (act: () => void): void => timeline.wakeAfter(latency(), () => caller.task.alive && act());
    timeline.wakeAfter(
      latency(),
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
