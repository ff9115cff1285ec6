import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../operation/clock.ts';

const BEGIN = Date.parse('2026-01-05T08:00:00Z');

export interface HandClock extends Clock {
  /** Lets this much time pass; who slept until then wakes. */
  pass(ms: number): void;
}

/** Time that stands still until the test moves it. */
export function handClock(): HandClock {
  let now = BEGIN;
  let sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    uptime: () => now,
    sleep: (ms) => new Promise((wake) => void sleepers.push({ at: now + ms, wake })),
    randomHex: (bytes) => '5a'.repeat(bytes),
    pass: (ms) => {
      now += ms;
      const woken = sleepers.filter(({ at }) => at <= now);
      sleepers = sleepers.filter(({ at }) => at > now);
      for (const { wake } of woken) wake();
    },
  };
}

export interface FastClock extends Clock {
  /** What was slept, in order, in milliseconds. */
  readonly slept: number[];
}

/** Time that passes as fast as somebody sleeps. `chance`: what randomHex says, from "00" to "ff". */
export function fastClock(chance = '80'): FastClock {
  let now = BEGIN;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    uptime: () => now,
    sleep: async (ms) => {
      slept.push(ms);
      const until = now + ms;
      await setImmediate();
      now = Math.max(now, until);
    },
    randomHex: (bytes) => chance.repeat(bytes),
  };
}
