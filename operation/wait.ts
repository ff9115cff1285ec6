import type { Clock } from './clock.ts';
import { AnnyError } from './errors.ts';

export interface WaitOptions {
  readonly what: string;
  readonly timeoutMs: number;
  /** undefined: a tenth of the time that was waited so far, so that nothing is learned much too late or asked for much too often. */
  readonly intervalMs?: number;
  readonly next: string;
  /** Ctrl-C: nothing is asked any more, so that nothing holds the program up. */
  readonly stop?: AbortSignal;
}

export type Waiting<T> = { readonly done: T } | { readonly not: string; readonly againInMs?: number | undefined };

const SHORTEST_MS = 100;
const LONGEST_MS = 5_000;

/** How long to wait before the next look, after `waitedMs` of looking. */
export function growingPause(waitedMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, waitedMs / 10));
}

/**
 * Asks `probe` until it answers something; the last thing it said goes into the time-out's message. A probe may say itself
 * how soon it wants to be asked again.
 */
export async function waitFor<T>(clock: Clock, options: WaitOptions, probe: () => Promise<Waiting<T>>): Promise<T> {
  const begun = clock.now();
  const deadline = begun + options.timeoutMs;
  for (;;) {
    if (options.stop?.aborted) {
      throw new AnnyError('INTERRUPTED', {
        doing: `waiting for ${options.what}`,
        found: 'you stopped it',
        next: options.next,
      });
    }
    const answer = await probe();
    if ('done' in answer) return answer.done;
    if (clock.now() >= deadline) {
      throw new AnnyError('WAIT_TIMEOUT', {
        doing: `waiting for ${options.what}`,
        found: `after ${Math.round(options.timeoutMs / 1000)} s: ${answer.not}`,
        next: options.next,
      });
    }
    await clock.sleep(answer.againInMs ?? options.intervalMs ?? growingPause(clock.now() - begun));
  }
}
