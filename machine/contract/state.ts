import { beforeAll, describe, expect, it } from 'vitest';
import { ask, lost, write } from '../trial/asking.ts';
import { handOver, holdFor, moveState } from '../trial/handover.ts';
import { begin, blue, green, STATE, secrets } from '../trial/pair.ts';
import { secretsWithRepository } from '../trial/repository.ts';
import { FINGERPRINT, TANGLE } from '../trial/tangle.ts';

const DATABASE = `cd ${STATE} && printf 'pages of a database' > database && chown 1000 database && touch -d '2026-01-02 03:04:05' database`;

export function stateContract(): void {
  describe('the state', () => {
    beforeAll(begin);

    it('arrives as it was, whatever a file system can hold', async () => {
      await blue.root(TANGLE);
      const before = await blue.root(FINGERPRINT);
      expect(before.split('\n').length).toBeGreaterThan(15);
      await handOver(blue, green);
      expect(await green.root(FINGERPRINT)).toBe(before);
    });

    it('comes back from a backup as it was', async () => {
      const before = await green.root(FINGERPRINT);
      await green.box.secrets(secretsWithRepository());
      const { id } = await green.box.backup();
      await blue.root('rm /var/lib/anny/role.json && anny-box boot >/dev/null');
      await blue.box.prepare('blue-20260103-000000', 'blue');
      await blue.root(`find ${STATE} -mindepth 1 -delete`);
      await blue.box.secrets(secretsWithRepository());
      await blue.box.restore(id);
      await Promise.all([blue.box.secrets(secrets()), green.box.secrets(secrets())]);
      expect(await blue.root(FINGERPRINT)).toBe(before);
    });

    it('stays as it was when the other machine dies in the middle of a pull, and arrives at the next try', async () => {
      await green.root(`head -c 200000000 /dev/urandom > ${STATE}/big`);
      const before = await blue.root(FINGERPRINT);
      const dying = green.root(
        'until pgrep -f "[r]sync --server" >/dev/null; do sleep 0.02; done; sleep 0.1; pkill -f "[r]sync --server"',
      );
      await expect(holdFor(green, blue)).rejects.toThrow('copying the state');
      await dying;
      expect(await blue.root(FINGERPRINT)).toBe(before);
      expect(await blue.root(`ls ${STATE}/..`)).not.toContain('incoming');
      const { left } = await moveState(green, blue);
      expect(left.bytes).toBeGreaterThan(200_000_000);
      await green.box.resume();
      await green.root(`rm ${STATE}/big`);
    });

    it('is mended after a power cut between the two renames of a replacement', async () => {
      const { kept } = await write(green, 'mended');
      const { source, left } = await holdFor(green, blue);
      await blue.root(`cd ${STATE}/.. && mv _data outgoing && mkdir incoming && touch incoming/half`);
      await blue.box.takeover(source, left, 15_000);
      await blue.box.stop();
      expect(await blue.root(`ls ${STATE}/..`)).toBe('_data');
      await blue.root(`grep -qx '${kept[0]}' ${STATE}/ledger`);
      await green.box.resume();
    });

    it('does not depend on a history that the disk has damaged', async () => {
      await green.root(`printf '{"generation":"x"}\\nnonsense\\n' >> /var/lib/anny/history.jsonl`);
      await handOver(green, blue);
      expect((await ask(blue)).status).toBe(200);
      expect((await blue.box.history()).at(-1)).toMatchObject({ event: 'activated' });
      expect(await lost((await write(blue, 'after')).kept, blue)).toEqual([]);
    });

    it('of a relay is what it handed over, whole, until a takeover has succeeded', async () => {
      const ledger = () => green.root(`sha256sum ${STATE}/ledger && ${FINGERPRINT}`);
      // The same in both: what an app changes in place must not be changed in what is kept.
      await Promise.all([blue.root(DATABASE), green.root(DATABASE)]);
      const handedOver = await ledger();
      await write(blue, 'later');
      await green.box.secrets({ ...secrets(), '.env': 'LEDGER_KEY=spoiling' });
      const { source, left } = await holdFor(blue, green, 60_000);
      await expect(green.box.takeover(source, left, 3_000)).rejects.toThrow('not healthy');
      expect((await green.box.logs(5)).split('\n')).toContain('it has written in place');
      expect(await ledger()).toBe(handedOver);
      await green.box.secrets(secrets());
      // The power goes before the takeover is written down.
      await green.root(`cd ${STATE}/.. && mv _data before && cp -a before _data && echo half >> _data/ledger`);
      await green.root('anny-box boot >/dev/null');
      expect(await ledger()).toBe(handedOver);
      await green.box.takeover(source, left, 15_000);
      expect(await ledger()).not.toBe(handedOver);
      await green.box.stop();
      expect(await green.root(`ls ${STATE}/..`)).toBe('_data');
      await blue.box.resume();
    });
  });
}
