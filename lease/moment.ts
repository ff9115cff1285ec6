import type { Clock } from '../operation/clock.ts';

/** By two clocks: one may be set, the other may stand still while the computer is suspended. */
export interface Moment {
  readonly now: number;
  readonly uptime: number;
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), uptime: clock.uptime() };
}

/** So much has passed for sure: what one says who waits for somebody else's time to run out. */
export function passedForSure(clock: Clock, since: Moment): number {
  return Math.max(0, Math.min(clock.now() - since.now, clock.uptime() - since.uptime));
}

/** So much may have passed: what one says whose own time runs out. */
export function mayHavePassed(clock: Clock, since: Moment): number {
  return Math.max(0, clock.now() - since.now, clock.uptime() - since.uptime);
}
