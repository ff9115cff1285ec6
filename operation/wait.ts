import type { Clock } from './clock.ts';
import { AnnyError } from './errors.ts';

export interface WaitOptions {
  readonly what: string;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly next: string;
}

/** Asks `probe` until it answers something; the last thing it said goes into the time-out's message. */
export async function waitFor<T>(
  clock: Clock,
  options: WaitOptions,
  probe: () => Promise<{ done: T } | { not: string }>,
): Promise<T> {
  const deadline = clock.now() + options.timeoutMs;
  for (;;) {
    const answer = await probe();
    if ('done' in answer) return answer.done;
    if (clock.now() >= deadline) {
      throw new AnnyError('WAIT_TIMEOUT', {
        doing: `waiting for ${options.what}`,
        found: `after ${Math.round(options.timeoutMs / 1000)} s: ${answer.not}`,
        next: options.next,
      });
    }
    await clock.sleep(options.intervalMs);
  }
}
