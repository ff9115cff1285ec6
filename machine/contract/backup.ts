import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MadeBackup } from '../box.ts';
import { ask, eventually, hurry, write } from '../trial/asking.ts';
import { startWriting } from '../trial/clients.ts';
import { begin, blue, green, ground, STATE } from '../trial/pair.ts';
import { packs, RESTIC, secretsWithRepository, turnBits } from '../trial/repository.ts';

/** Of this subject alone: others have been later writers. */
const REPOSITORY = 'backups';
const COPY = '/opt/anny/backups/copy';

export function backupContract(): void {
  describe('a backup', () => {
    let made: MadeBackup;
    let kept: readonly string[];
    /** What the timer does when its time has come. */
    const follow = async () => JSON.parse(await blue.root('anny-box backup change'));
    beforeAll(async () => {
      await begin();
      await Promise.all([blue, green].map((one) => one.box.secrets(secretsWithRepository(REPOSITORY))));
      await blue.root('systemctl stop anny-changes.timer');
    });

    it('makes its repository, is encrypted, and taken while clients write', async () => {
      const writing = startWriting(ground, blue.address, 10);
      await sleep(200);
      made = await blue.box.backup();
      const written = await writing.stop();
      expect(written.failures).toEqual([]);
      kept = written.kept;
      expect(made).toMatchObject({ release: 'blue-20260101-000000', generation: 1 });
      const { lastBackupAt, savedAt } = await blue.box.status();
      expect(lastBackupAt).toBe(made.at);
      expect(made.at - savedAt).toBeLessThanOrEqual(1);
      const stored = Buffer.concat(await Promise.all((await packs(REPOSITORY)).map((path) => readFile(path))));
      expect(stored.length).toBeGreaterThan(0);
      expect(stored.includes('write-')).toBe(false);
    });

    it('comes back whole or not at all', async () => {
      const before = await green.root(`cd ${STATE} && ls -l`);
      const all = await packs(REPOSITORY);
      await turnBits(all);
      await expect(green.box.restore(made.id)).rejects.toThrow(`snapshot ${made.id} could not be fetched`);
      await turnBits(all);
      await expect(green.box.restore('0badcafe')).rejects.toThrow('could not be fetched');
      const other = await blue.root(`cd ${COPY} && ${RESTIC} backup --json --tag backup state | jq -r .snapshot_id`);
      await expect(green.box.restore(other.slice(0, 8))).rejects.toThrow('is no backup of anny-box');
      const bent = await blue.root(
        `cp -a ${COPY} /tmp/bent && cd /tmp/bent && sed -i '1s/write/WRITE/' state/ledger && ${RESTIC} backup --json * | jq -r .snapshot_id`,
      );
      await expect(green.box.restore(bent.slice(0, 8))).rejects.toThrow('does not hold what was put into it');
      expect(await green.root(`cd ${STATE} && ls -l; ls ..`)).toBe(`${before}\n_data`);
      const { digest, files, bytes } = await green.box.restore(made.id);
      expect({ digest, files, bytes }).toEqual({ digest: made.digest, files: made.files, bytes: made.bytes });
      expect((await green.box.status()).certificate.kind).toBe('issued');
      expect((await green.box.history()).at(-1)).toMatchObject({ event: 'restored', release: 'green-20260101-000000' });
      await green.root(`grep -qx '${kept[0]}' ${STATE}/ledger`);
    });

    it('follows a change, and nothing else', async () => {
      await follow();
      expect(await follow()).toEqual({});
      await write(blue, 'follows');
      // What is so short before a backup may bring another.
      await sleep(500);
      const next = await follow();
      expect(next).toMatchObject({ reason: 'change' });
      expect(next.at).toBeGreaterThan(made.at);
      expect(await follow()).toEqual({});
    });

    it('is made by the writer alone, and nobody forgets what a later writer keeps', async () => {
      await expect(green.box.backup()).rejects.toThrow('this machine is a candidate; backup is for: writer');
      expect(JSON.parse(await blue.root('anny-box tend'))).toEqual({});
      expect((await blue.box.status()).checkedAt).toBeGreaterThan(0);
      await blue.root(
        `cd ${COPY} && ${RESTIC} backup --host ${ground.settings.publicName} --tag backup,generation=99 state`,
      );
      expect(await blue.root('anny-box tend || true')).toContain('a later writer (generation 99, this one is 1)');
    });

    it('that is killed leaves no frozen app and no lock', async () => {
      await blue.root(`head -c 100000000 /dev/urandom > ${STATE}/big`);
      await blue.root(
        '(anny-box backup & until docker inspect -f "{{.State.Paused}}" ledger | grep -q true; do sleep 0.01; done; kill -9 $!)',
      );
      await blue.box.backup();
      expect((await ask(blue)).status).toBe(200);
      await blue.root(`rm ${STATE}/big`);
    });

    it('shows what opens it to nobody but root', async () => {
      expect(await blue.root('stat -c "%a %U" /opt/anny/backup /opt/anny/backup/*')).toBe(
        '700 root\n600 root\n600 root',
      );
      await blue.root(
        '! journalctl | grep -q "of the trial"; ! grep -rqs "of the trial" /run/anny /var/log /var/lib/anny',
      );
    });

    it('is kept waiting by restic that somebody runs on the machine itself', async () => {
      await blue.root(`${RESTIC} forget $(${RESTIC} snapshots --tag generation=99 --json | jq -r '.[].id')`);
      await hurry(blue, 'repository.sh', 'REPOSITORY_PAUSE_SECONDS');
      await blue.root(inTheMiddle('STOP', `${RESTIC} prune >/tmp/prune 2>&1 &`));
      await expect(blue.box.backup()).rejects.toThrow(/already locked exclusively by PID \d+ on blue-20260101-000000/);
      await blue.root('pkill -CONT -x restic; while pgrep -x restic; do sleep 0.1; done; cat /tmp/prune');
      await blue.box.backup();
    });

    it('is not tidied any more when the machine has answered that it is not the writer, and nothing has failed', async () => {
      await blue.root(inTheMiddle('STOP', 'systemctl start --no-block anny-tend'));
      await blue.box.fence();
      expect(await blue.root('! pgrep -af "^restic .* ([f]orget|[p]rune|[c]heck)"')).toBe('');
      expect(await blue.root(`systemctl list-units --failed --plain --no-legend 'anny-*'`)).toBe('');
      await eventually(async () => (await blue.root(`${RESTIC} list locks`)) === '');
      await begin();
      await Promise.all([blue, green].map((one) => one.box.secrets(secretsWithRepository(REPOSITORY))));
      await blue.root('systemctl stop anny-changes.timer');
      made = await blue.box.backup();
    });

    it('is kept waiting by anybody’s lock, but not by that of a writer that died while it tidied', async () => {
      await blue.root(inTheMiddle('KILL', 'systemctl start --no-block anny-tend'));
      await blue.box.fence();
      await green.box.restore(made.id);
      await green.box.activate();
      await hurry(green, 'repository.sh', 'REPOSITORY_PAUSE_SECONDS');
      // restic itself would honour that lock for half an hour.
      expect(await green.box.backup()).toMatchObject({ release: 'green-20260101-000000' });
      expect(await green.root(`${RESTIC} list locks`)).toBe('');
      await green.root(inTheMiddle('KILL', `unshare --uts sh -c 'hostname of-a-person; ${RESTIC} prune' &`));
      await expect(green.box.backup()).rejects.toThrow(/already locked exclusively by PID \d+ on of-a-person/);
      await green.root(`${RESTIC} unlock --remove-all`);
      await begin();
    });
  });
}

/** KILL is as when the power goes while restic has the repository for itself: its lock stays. */
const inTheMiddle = (signal: 'KILL' | 'STOP', tidying: string): string => `
locks() {
  curl -s -H 'Accept: application/vnd.x.restic.rest.v2' "$(sed 's/^rest://' /opt/anny/backup/repository)locks/" >/tmp/locks
  grep -qE '[0-9a-f]{64}' /tmp/locks
}
for _ in 1 2 3 4 5; do
  ${tidying}
  for _ in $(seq 300); do ! locks || break; done
  pkill -${signal} -x restic || true
  sleep 0.5
  ! locks || exit 0
done
echo 'no lock was left'; exit 1`;
