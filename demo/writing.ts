import { setTimeout as sleep } from 'node:timers/promises';
import type { Visitor } from './visitor.ts';

/** What writers saw while something else happened. */
export interface Written {
  /** Ids of writes that were acknowledged. */
  readonly acknowledged: readonly string[];
  /** Why a write was not: the answer or the error. */
  readonly failures: readonly string[];
  readonly longestMs: number;
}

export interface Writing {
  stop(): Promise<Written>;
}

const PAUSE_MS = 20;

/** `writers` that write one thing after another, each with an id of its own, until they are stopped. */
export function startWriting(
  { write: send }: Pick<Visitor, 'write'>,
  label: string,
  writers: number,
  pauseMs = PAUSE_MS,
): Writing {
  const acknowledged: string[] = [];
  const failures: string[] = [];
  let longestMs = 0;
  let running = true;
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; running; count += 1) {
      const id = `${label}-${writer}-${count}`;
      const begun = performance.now();
      try {
        await send(id, `written by ${label}`);
        acknowledged.push(id);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
        await sleep(PAUSE_MS);
      }
      longestMs = Math.max(longestMs, performance.now() - begun);
      if (pauseMs > 0) await sleep(pauseMs);
    }
  };
  const all = Array.from({ length: writers }, (_, writer) => write(writer));
  return {
    stop: async () => {
      running = false;
      await Promise.all(all);
      return { acknowledged, failures, longestMs };
    },
  };
}

/** Acknowledged writes that are not there. */
export function lost({ acknowledged }: Written, ids: ReadonlySet<string>): readonly string[] {
  return acknowledged.filter((id) => !ids.has(id));
}
