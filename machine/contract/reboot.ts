import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ask, eventually, lost, serves, write } from '../trial/asking.ts';
import { moveState } from '../trial/handover.ts';
import { blue, green, ground } from '../trial/pair.ts';

export function rebootContract(): void {
  describe('after a reboot', () => {
    it('a writer serves again, and only once the name leads to it', async () => {
      const before = await write(green, 'before');
      ground.pointName(undefined);
      await green.reboot();
      await sleep(4_000);
      // Docker does not start the app by itself after a power cut either.
      expect(await green.box.status()).toMatchObject({ role: 'writer', app: { running: false } });
      expect((await ask(green)).status).toBe(503);
      ground.pointName(green.address);
      await serves(green);
      expect(await lost(before.kept, green)).toEqual([]);
    });

    it('a relay relays, and a writer behind it finds its name through it', async () => {
      ground.pointName(blue.address);
      await blue.reboot();
      await serves(blue);
      await green.reboot();
      await serves(blue);
      ground.pointName(green.address);
    });

    it('a held writer resumes', async () => {
      await green.box.hold(90_000);
      await green.reboot();
      await serves(green);
      expect((await green.box.status()).held).toBe(false);
    });

    it('a machine that took over serves its peer, which may have committed', async () => {
      await moveState(green, blue, 60_000);
      await blue.reboot();
      await eventually(async () => (await blue.box.status()).app.running);
      await green.box.relay(blue.address);
      await serves(green);
      await blue.box.activate();
      ground.pointName(blue.address);
      expect((await ask(blue)).status).toBe(200);
    });

    it('a writer whose place another one took is fenced', async () => {
      await blue.root(`jq '.role = "writer" | .generation = 1' /var/lib/anny/role.json > /tmp/r`);
      await green.root(
        `jq '.role = "writer" | .generation = 1' /var/lib/anny/role.json > /tmp/r && mv /tmp/r /var/lib/anny/role.json`,
      );
      await green.reboot();
      await eventually(async () => (await green.box.status()).role === 'fenced');
      expect((await ask(green)).status).toBe(503);
      expect((await green.box.status()).app.running).toBe(false);
    });
  });
}
