import type { Clock } from '../../operation/clock.ts';

/** Lets `perSecond` calls begin in any second, in the order they came; all calls of one account share it. */
export function openLimiter(clock: Clock, perSecond: number): () => Promise<void> {
  const intervalMs = 1000 / perSecond;
  let nextAt = 0;
  return async () => {
    const now = clock.now();
    const at = Math.max(now, nextAt);
    nextAt = at + intervalMs;
    if (at > now) await clock.sleep(at - now);
  };
}
