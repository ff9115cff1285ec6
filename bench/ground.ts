import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { reset } from '../cloud/local/down.ts';
import { cloudPlace } from '../cloud/local/place.ts';
import { ROOT } from '../demo/project.ts';
import { openStage, type Stage, type StagePlace } from '../demo/stage.ts';
import { silentReport } from '../operation/silent-report.ts';
import { systemClock } from '../operation/system-clock.ts';

/** A stage of its own for measuring; nothing of it stays. */
export async function onGround(measure: (stage: Stage) => Promise<void>): Promise<void> {
  const place: StagePlace = {
    cloud: {
      place: cloudPlace({ name: 'anny-bench', subnet: '10.80.0.0/24', apiPort: 8884 }, process.env),
      clock: systemClock,
      report: silentReport,
    },
    directory: join(ROOT, '.anny', 'bench'),
  };
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
