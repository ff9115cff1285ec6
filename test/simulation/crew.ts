import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Batch, Heard } from './teller.ts';

const BATCH = 50;

/** Stories from seed `first` on, told by as many threads as there are cores, for as long as `more` says of what was heard so far. */
export async function tellMany(first: number, more: (heard: Heard) => boolean): Promise<Heard> {
  let heard: Heard = { stories: 0, endings: {}, failed: [] };
  let next = first;
  const draw = (): Batch => {
    const batch = { first: next, count: BATCH };
    next += BATCH;
    return batch;
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./teller.ts', import.meta.url));
    try {
      while (more(heard)) {
        worker.postMessage(draw());
        const [answer]: Heard[] = await once(worker, 'message');
        if (answer !== undefined) heard = sum(heard, answer);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return heard;
}

function sum(one: Heard, other: Heard): Heard {
  const endings: Record<string, number> = { ...one.endings };
  for (const [name, times] of Object.entries(other.endings)) endings[name] = (endings[name] ?? 0) + times;
  return { stories: one.stories + other.stories, endings, failed: [...one.failed, ...other.failed] };
}
