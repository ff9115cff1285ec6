import type { Outcome, Wish } from './decide.ts';
import { sizeOf } from './entry.ts';
import { MemoryProblem } from './problem.ts';

/** A wish, and whom to tell what came of it. */
export interface Waiting {
  readonly wish: Wish;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (problem: MemoryProblem) => void;
}

/** Wishes in the order in which they came. */
export interface Queue {
  /** Rejects with "busy" when more is waiting than can be held. */
  ask(wish: Wish): Promise<Outcome>;
  /** Takes what may go to the disk together. */
  take(): readonly Waiting[];
  readonly length: number;
}

const MiB = 1024 * 1024;
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 32 * MiB;
const MAX_BATCH = 1000;
const MAX_BATCH_BYTES = 4 * MiB;

export function createQueue(): Queue {
  let waiting: Waiting[] = [];
  let bytes = 0;

  return {
    ask: (wish) => {
      if (waiting.length >= MAX_WAITING || bytes > MAX_WAITING_BYTES) {
        return Promise.reject(
          new MemoryProblem('busy', `${waiting.length} writes are waiting already. Send it again.`),
        );
      }
      return new Promise((settle, fail) => {
        waiting.push({ wish, settle, fail });
        bytes += bytesOf(wish);
      });
    },
    take: () => {
      let count = 0;
      let taken = 0;
      for (const { wish } of waiting.slice(0, MAX_BATCH)) {
        count += 1;
        taken += bytesOf(wish);
        if (taken > MAX_BATCH_BYTES) break;
      }
      const batch = waiting.slice(0, count);
      waiting = waiting.slice(count);
      bytes -= taken;
      return batch;
    },
    get length() {
      return waiting.length;
    },
  };
}

function bytesOf(wish: Wish): number {
  return 'put' in wish ? sizeOf(wish.put) : 0;
}
