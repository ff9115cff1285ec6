import type { Clock } from '../operation/clock.ts';

/** Room for chance, so that two who are both sure to be alone never have the same. */
const CHANCE = 1_000;

/** Greater than every token seen, and than those of all earlier holders whose clocks are right. */
export function nextToken(clock: Clock, seen: number): number {
  const chance = Number.parseInt(clock.randomHex(2), 16) % CHANCE;
  return Math.max(Math.floor(clock.now()) * CHANCE, seen + 1) + chance;
}
