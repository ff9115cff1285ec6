import { rm } from 'node:fs/promises';
import { reset } from '../cloud/local/down.ts';
import { openStage, type Stage, stagePlace } from '../demo/stage.ts';
import { silentReport } from '../operation/silent-report.ts';

const BENCH = { name: 'bench', subnet: '10.80.0.0/24', apiPort: 8884 };

/** A stage of its own for measuring; nothing of it stays. */
export async function onGround(measure: (stage: Stage) => Promise<void>, where = BENCH): Promise<void> {
  const place = stagePlace(where.name, where, silentReport);
  await reset(place.cloud);
  try {
    await measure(await openStage(place, new AbortController().signal));
  } finally {
    await reset(place.cloud);
    await rm(place.directory, { recursive: true, force: true });
  }
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return Math.round((performance.now() - begun) / 10) / 100;
}
