import { mkdir } from 'node:fs/promises';
import { takeDown } from '../cloud/local/down.ts';
import { cloudPlace } from '../cloud/local/place.ts';
import { makeReady } from '../cloud/local/up.ts';
import { systemClock } from '../operation/system-clock.ts';
import { terminalReport } from '../operation/terminal-report.ts';

/** Once before all tests on machines: an engine, which is stopped again if it was started here, and what they share. */
export async function setup(): Promise<() => Promise<void>> {
  const place = cloudPlace({ name: 'anny-tests' }, process.env);
  const surroundings = { place, clock: systemClock, report: terminalReport(systemClock) };
  await mkdir(place.stateDir, { recursive: true, mode: 0o700 });
  await makeReady(surroundings);
  return async () => void (await takeDown(surroundings));
}
