import { beforeAll, describe, expect, it } from 'vitest';
import { begin, blue } from '../trial/pair.ts';

const OLD = 1_000;
const NEW = 2_000;

/** Verbs that change something, as the machine itself lists them. */
const LOCKED = `grep -oE "\\[[a-z-]+\\]='locked operator'" /usr/local/sbin/anny-box | cut -d']' -f1 | tr -d '['`;

export function leaseContract(): void {
  describe('a lease', () => {
    beforeAll(begin);

    it('is told by claim, in its turn', async () => {
      expect((await blue.box.status()).lease).toBe(0);
      blue.lease.token = NEW;
      expect(await blue.box.claim()).toMatchObject({ role: 'writer', lease: NEW });
      blue.lease.token = OLD;
      expect(await blue.box.claim()).toMatchObject({ role: 'writer', lease: NEW });
      expect(await blue.box.status()).toMatchObject({ lease: NEW });
    });

    it('of an older holder is refused for every verb that changes something', async () => {
      const verbs = (await blue.root(LOCKED)).split('\n').filter((verb) => verb !== 'claim');
      expect(verbs.length).toBeGreaterThan(15);
      for (const verb of verbs) {
        const said = await blue.root(`anny-box --lease ${OLD} ${verb} </dev/null || true`);
        expect(JSON.parse(said), verb).toMatchObject({
          error: expect.stringContaining('another command has taken over'),
          lease: NEW,
        });
      }
      await expect(blue.box.hold(10_000)).rejects.toMatchObject({ code: 'LEASE_LOST' });
      expect(await blue.box.status()).toMatchObject({ role: 'writer', held: false });
    });

    it('is not needed by hand, and of the newest holder allowed', async () => {
      blue.lease.token = undefined;
      await blue.box.resume();
      blue.lease.token = NEW;
      await blue.box.resume();
    });

    it('survives a reboot', async () => {
      await blue.reboot();
      expect((await blue.box.claim()).lease).toBe(NEW);
      blue.lease.token = OLD;
      await expect(blue.box.resume()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    });

    it('is taken although the disk is full', async () => {
      await blue.root(
        `cp -a /var/lib/anny /tmp/kept && mount -t tmpfs -o size=64k,mode=755 tmpfs /var/lib/anny && cp -a /tmp/kept/. /var/lib/anny/
         dd if=/dev/zero of=/var/lib/anny/fill bs=4k 2>/dev/null || true`,
      );
      blue.lease.token = NEW + 1;
      expect((await blue.box.claim()).lease).toBe(NEW + 1);
      blue.lease.token = NEW;
      await expect(blue.box.resume()).rejects.toMatchObject({ code: 'LEASE_LOST' });
      await blue.root('umount /var/lib/anny && rm -rf /tmp/kept');
    });

    it('waits for a verb that is under way, and says which when that takes too long', { timeout: 90_000 }, async () => {
      await blue.root(
        `(flock 9; echo 'pull (process 4711)' >/run/anny/lock-holder; sleep 40) 9>>/run/anny/lock >/dev/null 2>&1 &`,
      );
      blue.lease.token = NEW + 2;
      await expect(blue.box.claim()).rejects.toMatchObject({
        code: 'MACHINE_BUSY',
        found: expect.stringContaining('pull (process 4711)'),
      });
      blue.lease.token = undefined;
    });

    it('that is no number is refused, with nothing done', async () => {
      for (const words of ['--lease', '--lease x claim', '--lease -1 resume', '--lease 5']) {
        const said = await blue.root(`anny-box ${words} || true`);
        expect(JSON.parse(said)).toMatchObject({ error: expect.any(String), next: expect.any(String) });
      }
    });
  });
}
