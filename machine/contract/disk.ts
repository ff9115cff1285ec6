import { beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../trial/asking.ts';
import { moveState } from '../trial/handover.ts';
import { begin, blue, green, STATE, secrets } from '../trial/pair.ts';
import { secretsWithRepository } from '../trial/repository.ts';

const VOLUME = '/var/lib/docker/volumes/ledger-state';

/** Puts a small file system over a directory and fills it; what was there is in it as well. */
const full = (path: string, size: string) => `
  rm -rf /tmp/kept && cp -a ${path} /tmp/kept && mount -t tmpfs -o size=${size},mode=700 tmpfs ${path}
  cp -a /tmp/kept/. ${path}/ && { dd if=/dev/zero of=${path}/fill bs=4k 2>/dev/null || true; }`;

export function diskContract(): void {
  describe('a full disk', () => {
    beforeAll(begin);

    it('refuses a commit, and the machine serves on', async () => {
      await moveState(blue, green, 60_000);
      await blue.root(full('/var/lib/anny', '64k'));
      await expect(blue.box.relay(green.address)).rejects.toThrow(
        'could not be written; this machine is still a writer',
      );
      await blue.box.resume();
      expect((await ask(blue)).status).toBe(200);
      await blue.root('umount /var/lib/anny');
      expect((await blue.box.status()).role).toBe('writer');
      await green.box.stop();
    });

    it('ends a pull with the old state in place and nothing left over', async () => {
      await blue.root(`head -c 3000000 /dev/urandom > ${STATE}/big && chown 1000 ${STATE}/big`);
      await green.root(
        `cp -a ${VOLUME} /tmp/volume && mount -t tmpfs -o size=2m,mode=701 tmpfs ${VOLUME} && cp -a /tmp/volume/. ${VOLUME}/`,
      );
      const before = await green.root(`cd ${STATE} && find . | sort | xargs ls -ld`);
      await expect(moveState(blue, green)).rejects.toThrow('copying the state');
      expect(await green.root(`cd ${STATE} && find . | sort | xargs ls -ld`)).toBe(before);
      expect(await green.root(`ls ${VOLUME}`)).not.toContain('incoming');
      await green.root(`umount ${VOLUME}`);
      expect((await blue.box.status()).held).toBe(false);
    });

    it('is not filled up by a backup', async () => {
      await blue.box.secrets(secretsWithRepository());
      await blue.root('mount -t tmpfs -o size=60m,mode=700 tmpfs /opt/anny/backups');
      await expect(blue.box.backup()).rejects.toThrow(/a backup needs \d+ MiB, and \d+ MiB are free/);
      await blue.root('umount /opt/anny/backups');
      await blue.box.secrets(secrets());
      expect((await ask(blue)).status).toBe(200);
    });

    it('does not keep a machine from being fenced', async () => {
      await blue.root(full('/var/lib/anny', '64k'));
      await expect(blue.box.fence()).rejects.toThrow(
        'it serves nothing any more, but the role file could not be written',
      );
      expect((await ask(blue)).status).toBe(503);
      expect((await blue.box.status()).app.running).toBe(false);
      await blue.root('umount /var/lib/anny');
      await blue.box.activate();
      expect((await ask(blue)).status).toBe(200);
    });
  });
}
