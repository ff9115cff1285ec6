import type { Traffic } from '../../../machine/box.ts';
import type { Random } from '../random.ts';
import type { Machine, Temper } from './machine.ts';

/** What nginx writes down of a request that the app answered. */
export interface Answered {
  readonly at: number;
  readonly failed: boolean;
  readonly tookMs: number;
}

/** What a client meets: an app that is well for its health path may still fail everybody, or let them wait. */
export function fails(temper: Temper): boolean {
  return temper === 'errs under traffic';
}

export function tookMs(temper: Temper, random: Random): number {
  return temper === 'slow under traffic' ? random.int(400, 900) : random.int(2, 20);
}

/** Counted from the newest back, as the log is read. */
export function traffic({ answered, world }: Machine, seconds: number): Traffic {
  const from = world.timeline.now() - seconds * 1_000;
  const begin = answered.findLastIndex(({ at }) => at < from) + 1;
  const seen = answered.slice(begin);
  const times = seen.map((one) => one.tookMs).sort((a, b) => a - b);
  const at = (share: number): number => times[Math.ceil(times.length * share) - 1] ?? 0;
  const errors = seen.filter(({ failed }) => failed).length;
  return { seconds, requests: seen.length, errors, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
