import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../operation/clock.ts';

/** Time that goes on to whoever wakes next, as soon as nothing else is under way. */
export interface TrialClock extends Clock {
  /** Something that takes no time: the clock stands still until it has ended. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
  readonly drives: 'at once' | 'when nothing else does' | 'never';
}

const BEGIN_MS = Date.UTC(2026, 0, 1);
/** In real milliseconds: files are read meanwhile. */
const NOTHING_ELSE_MS = 2;
/** Who waits so long, and may be told to stop, keeps something up beside the work: a heartbeat. */
const BESIDE_MS = 2_000;

export function trialClock(): TrialClock {
  let sleepers: Sleeper[] = [];
  let now = BEGIN_MS;
  let underWay = 0;
  let drawn = 0;
  let running = false;
  const next = (): Sleeper | undefined => {
    const inOrder = sleepers.toSorted((a, b) => a.at - b.at);
    return inOrder.some(({ drives }) => drives !== 'never') ? inOrder[0] : undefined;
  };
  const run = async (): Promise<void> => {
    for (let one = next(); one !== undefined; one = next()) {
      if (one.drives === 'when nothing else does') await sleep(NOTHING_ELSE_MS);
      await turn();
      if (underWay > 0 || next() !== one) continue;
      sleepers = sleepers.filter((other) => other !== one);
      now = Math.max(now, one.at);
      one.wake();
    }
    running = false;
  };
  return {
    now: () => now,
    uptime: () => now,
    sleep: (ms, stop) =>
      new Promise((resolve) => {
        if (stop?.aborted) return resolve();
        const sleeper = { at: now + ms, wake: resolve, drives: drivesOf(ms, stop) } as const;
        sleepers.push(sleeper);
        stop?.addEventListener('abort', () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          resolve();
        });
        if (running) return;
        running = true;
        void run();
      }),
    randomHex: (bytes) => {
      drawn += 1;
      return drawn.toString(16).padStart(2 * bytes, '0');
    },
    during: async (work) => {
      underWay += 1;
      try {
        return await work();
      } finally {
        underWay -= 1;
      }
    },
  };
}

function drivesOf(ms: number, stop: AbortSignal | undefined): Sleeper['drives'] {
  if (stop === undefined) return 'at once';
  return ms < BESIDE_MS ? 'when nothing else does' : 'never';
}
