import { mkdir } from 'node:fs/promises';
import { takeDown } from '../cloud/local/down.ts';
import { cloudPlace } from '../cloud/local/place.ts';
import { makeReady } from '../cloud/local/up.ts';
import { begin, blue, closePair, green, openPair } from '../machine/trial/pair.ts';
import { secretsWithRepository } from '../machine/trial/repository.ts';
import { silentReport } from '../operation/silent-report.ts';
import { systemClock } from '../operation/system-clock.ts';

/** Blue writes and has a backup repository, green may restore from it; nothing of them stays. */
export async function onPair(measure: () => Promise<void>): Promise<void> {
  const place = cloudPlace({ name: 'anny-bench-pair' }, process.env);
  const surroundings = { place, clock: systemClock, report: silentReport };
  await mkdir(place.stateDir, { recursive: true, mode: 0o700 });
  await makeReady(surroundings);
  try {
    await openPair();
    await begin();
    await Promise.all([blue, green].map((one) => one.box.secrets(secretsWithRepository())));
    // Measured is what is asked for, and nothing else.
    await blue.root('systemctl stop anny-changes.timer');
    await measure();
  } finally {
    await closePair();
    await takeDown(surroundings);
  }
}
