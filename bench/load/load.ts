import { setTimeout as sleep } from 'node:timers/promises';
import type { Outside } from '../../demo/outside.ts';
import { startRequests } from './requests.ts';
import { startSockets } from './sockets.ts';
import { startCounting, type Tally } from './tally.ts';
import { startUploads } from './uploads.ts';
import { wayByName, wayByOldAddress } from './ways.ts';

/** Before and after what is measured, so that it is seen what changed. */
const BESIDE_MS = 1_000;

/**
 * What the world does while `happen` goes on: reads, writes, uploads and WebSockets through the public name, half of it by
 * resolvers that keep the old address.
 */
export async function underLoad(outside: Outside, label: string, happen: () => Promise<void>): Promise<Tally> {
  const ways = await Promise.all([wayByOldAddress(outside), wayByName(outside)]);
  try {
    const counting = startCounting();
    const sockets = startSockets(outside, ways, counting);
    await sockets.opened();
    const uploads = startUploads(outside, ways, label, counting);
    const requests = startRequests(outside, ways, label, counting);
    try {
      await sleep(BESIDE_MS);
      await happen();
      await sleep(BESIDE_MS);
    } finally {
      await Promise.all([requests.stop(), uploads.stop()]);
    }
    const tally = counting.finish();
    await sockets.stop();
    return tally;
  } finally {
    await Promise.all(ways.map((way) => way.close()));
  }
}
