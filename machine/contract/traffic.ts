import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask, write } from '../trial/asking.ts';
import { holdFor } from '../trial/handover.ts';
import type { TrialMachine } from '../trial/machines.ts';
import { begin, blue, green } from '../trial/pair.ts';

const HOUR_SECONDS = 3_600;

/** What a machine counts more after something has happened. */
async function counted(machine: TrialMachine, happen: () => Promise<unknown>) {
  const before = await machine.box.traffic(HOUR_SECONDS);
  await happen();
  const after = await machine.box.traffic(HOUR_SECONDS);
  return { requests: after.requests - before.requests, errors: after.errors - before.errors };
}

export function trafficContract(): void {
  describe('the traffic of a machine', () => {
    beforeAll(begin);

    it('is what its app answered, and nothing else', async () => {
      const seen = await counted(blue, async () => {
        for (const path of ['/who', '/nothing-here', '/fail', '/fail']) await ask(blue, path);
        for (const path of ['/health', '/.well-known/anny/writer']) await ask(blue, path);
      });
      expect(seen).toEqual({ requests: 4, errors: 2 });
      const { kept } = await write(blue, 'counted');
      expect(await counted(blue, async () => undefined)).toEqual({ requests: 0, errors: 0 });
      expect((await blue.box.traffic(HOUR_SECONDS)).requests).toBeGreaterThanOrEqual(4 + kept.length);
    });

    it('has the time that the app took', async () => {
      await ask(blue, '/slow');
      expect((await blue.box.traffic(2)).p99Ms).toBeGreaterThan(1_900);
      expect((await blue.box.traffic(HOUR_SECONDS)).p50Ms).toBeLessThan(1_000);
    });

    it('is the new machine’s after a handover: what waited and what is relayed counts there alone', async () => {
      const before = await green.box.traffic(HOUR_SECONDS);
      expect(await counted(blue, move)).toEqual({ requests: 0, errors: 0 });
      expect((await green.box.traffic(HOUR_SECONDS)).requests - before.requests).toBe(3);
    });

    it('is told while another verb has the machine to itself', async () => {
      const [, traffic] = await Promise.all([
        green.root('flock /run/anny/lock sleep 2'),
        green.box.traffic(HOUR_SECONDS),
      ]);
      expect(traffic.requests).toBeGreaterThan(0);
      await expect(green.box.traffic(0)).rejects.toThrow("'0' is not a number from 1 to 86400");
    });

    it('reaches back into the log of the day before', async () => {
      const nothing = await counted(green, () =>
        green.root('logrotate -f /etc/logrotate.d/nginx && test -s /var/log/nginx/anny.access.log.1'),
      );
      expect(nothing).toEqual({ requests: 0, errors: 0 });
    });
  });
}

/** Two requests through the relay, and one that waits for it. */
async function move(): Promise<void> {
  const { source, left } = await holdFor(blue, green);
  const waits = ask(blue, '/who');
  await sleep(300);
  await green.box.takeover(source, left, 15_000);
  await blue.box.relay(green.address);
  await green.box.activate();
  expect((await waits).status).toBe(200);
  for (const path of ['/who', '/nothing-here']) await ask(blue, path);
}
