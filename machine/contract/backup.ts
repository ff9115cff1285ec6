import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { opened } from '../trial/archive.ts';
import { ask } from '../trial/asking.ts';
import { startWriting } from '../trial/clients.ts';
import { begin, blue, green, ground, STATE } from '../trial/pair.ts';

const BLOCK = 512;

export function backupContract(): void {
  describe('a backup', () => {
    let tar: Buffer;
    beforeAll(begin);

    it('is encrypted, and taken while clients write', async () => {
      const writing = startWriting(ground, blue.address, 10);
      await sleep(200);
      const made = await blue.box.backup();
      const { kept, failures } = await writing.stop();
      expect(failures).toEqual([]);
      tar = await opened(blue, made.path);
      expect((await blue.box.status()).lastBackupAt).toBeGreaterThanOrEqual(made.at);
      expect(tar.includes(kept[0] ?? 'nothing')).toBe(true);
      expect(await blue.root(`head -c 20 ${made.path}`)).toBe('age-encryption.org/v');
    });

    it('comes back whole or not at all', async () => {
      const before = await green.root(`cd ${STATE} && ls -l`);
      const cuts = [tar.length / 2, startOf('manifest.json'), startOf('letsencrypt/'), 0];
      for (const cut of cuts) {
        await expect(green.box.restore(Readable.from([tar.subarray(0, cut)]))).rejects.toThrow();
      }
      const bent = Buffer.from(tar);
      bent[bent.indexOf('write-')] = 'W'.charCodeAt(0);
      await expect(green.box.restore(Readable.from([bent]))).rejects.toThrow('does not hold what was put into it');
      expect(await green.root(`cd ${STATE} && ls -l; ls ..`)).toBe(`${before}\n_data`);
      const restored = await green.box.restore(Readable.from([tar]));
      expect(restored.bytes).toBeGreaterThan(0);
      expect((await green.box.status()).certificate.kind).toBe('issued');
      expect((await green.box.history()).at(-1)).toMatchObject({ event: 'restored', release: 'green-20260101-000000' });
    });

    it('that is killed leaves no frozen app, no lock and no copy', async () => {
      await blue.root(`head -c 100000000 /dev/urandom > ${STATE}/big`);
      await blue.root(
        '(anny-box backup & until docker inspect -f "{{.State.Paused}}" ledger | grep -q true; do sleep 0.01; done; kill -9 $!)',
      );
      await blue.box.backup();
      expect((await ask(blue)).status).toBe(200);
      expect(await blue.root('ls -A /opt/anny/backups | grep -v tar.age$ || true')).toBe('');
      await blue.root(`rm ${STATE}/big`);
    });

    /** Where its first header begins: cut there, the rest is a sound archive. */
    function startOf(name: string): number {
      return Math.floor(tar.indexOf(name) / BLOCK) * BLOCK;
    }
  });
}
