import { parentPort } from 'node:worker_threads';
import { type Told, tellStory } from './story.ts';

/** Seeds that one thread is to tell the stories of. */
export interface Batch {
  readonly first: number;
  readonly count: number;
}

export interface Heard {
  readonly stories: number;
  readonly endings: Readonly<Record<string, number>>;
  /** Without their lines: `run.ts SEED` tells them again. */
  readonly failed: readonly Pick<Told, 'seed' | 'violation'>[];
}

async function tell({ first, count }: Batch): Promise<Heard> {
  const endings: Record<string, number> = {};
  const failed: Pick<Told, 'seed' | 'violation'>[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const told = await tellStory(seed);
    for (const [name, times] of Object.entries(told.endings)) endings[name] = (endings[name] ?? 0) + times;
    if (told.violation !== undefined) failed.push({ seed, violation: told.violation });
  }
  return { stories: count, endings, failed };
}

const port = parentPort;
// Expected failures are made by the hundred here, and nobody reads where.
Error.stackTraceLimit = 0;
port?.on('message', (batch: Batch) => void tell(batch).then((heard) => port.postMessage(heard)));
