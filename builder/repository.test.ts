import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { layOutParts } from './trial/box-parts.ts';
import { type Ran, runProgram, testBy, withDirectory } from './trial/programs.ts';

const USED = ['answer', 'settings', 'role', 'repository', 'backup', 'retention', 'monitor'] as const;
const HOUR = 3600;

interface Scene {
  /** Lines of shell with anny-box's own parts. */
  box(lines: string, who: Who): Promise<Ran>;
  /** A restic at work in the repository, which it has for itself: somebody else's, or one that this machine tidies with. */
  busy(tidying?: 'tidying'): Promise<void>;
  locks(): Promise<readonly string[]>;
}

interface Who {
  readonly release: string;
  readonly generation: number;
  readonly becameWriter: number;
}

/** A machine's repository is a directory here, with real restic. This computer's name stands for that of a machine. */
async function tidied(body: (scene: Scene) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await layOut(directory);
    const opened = (name: string): string => join(directory, 'opt/backup', name);
    const restic = ['--repository-file', opened('repository'), '--password-file', opened('password'), '--no-cache'];
    const run = (...words: readonly string[]) => runProgram('restic', [...restic, ...words]);
    expect(await run('init')).toMatchObject({ code: 0 });
    expect(await run('backup', join(directory, 'state'))).toMatchObject({ code: 0 });
    const locks = async () =>
      (await readdir(join(directory, 'repository/locks'))).filter((one) => !one.includes('tmp'));
    const started: ChildProcess[] = [];
    try {
      await body({
        locks,
        box: (lines, who) => runProgram('bash', ['-c', `${machine(directory, who)}\n${lines}`]),
        busy: async (tidying) => {
          const lock = tidying === undefined ? '' : `exec 7>>${directory}/run/tidying; flock 7;`;
          const check = ['restic', ...restic, '--limit-download', '1', 'check', '--read-data'];
          const child = spawn('bash', ['-c', `${lock} exec "$@"`, 'bash', ...check], { stdio: 'ignore' });
          started.push(child);
          await expect.poll(locks, { timeout: 10_000, interval: 10 }).toHaveLength(1);
        },
      });
    } finally {
      for (const child of started) child.kill('SIGKILL');
    }
  });
}

async function layOut(directory: string): Promise<void> {
  for (const name of ['opt/backup', 'run', 'lib', 'state', 'backups'])
    await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, 'opt/backup/repository'), join(directory, 'repository'));
  await writeFile(join(directory, 'opt/backup/password'), 'of the trial');
  await writeFile(join(directory, 'state/ledger'), randomBytes(300_000));
  await layOutParts(directory, USED);
}

const machine = (directory: string, { release, generation, becameWriter }: Who): string => `
set -Eeuo pipefail; shopt -s inherit_errexit
for part in ${USED.join(' ')}; do . ${directory}/$part.sh; done
note() { :; }
begin_answer tend
TRUST=/etc/ssl/certs/ca-certificates.crt BACKUP_DIR=${directory}/backups PUBLIC_NAME=app.test BACKUP_RETENTION_DAYS=7
ROLE=writer RELEASE=${release} SLOT=blue SINCE=${becameWriter} GENERATION=${generation} RELAY_TO=''
TAKEOVER_FROM='' TAKEOVER_AT=0 TAKEOVER_DIGEST='' WROTE=${generation}
save_role
echo '{"event":"activated","release":"${hostname()}","generation":1}' >"$HISTORY"`;

const now = (): number => Math.floor(Date.now() / 1000);

describe('the lock of the repository', () => {
  testBy('restic', 'is removed where it is an earlier writer’s, not taken since, and no other came in its place', () =>
    tidied(async ({ box, busy, locks }) => {
      await busy();
      const other = '0badcafe'.repeat(8);
      const remove = (becameWriter: number, { release = 'green-2', meanwhile = ':' } = {}) =>
        box(`HOSTNAME=${release} LOCKS=$(<"$REPOSITORY/repository")/locks; ${meanwhile}; remove_dead_lock`, {
          ...{ release, generation: 2, becameWriter },
        });
      const another = `eval "of_$(declare -f is_before_role)"; is_before_role() { of_is_before_role "$1" && touch "$LOCKS/${other}"; }`;
      // It was the writer before, too, and may hold it itself.
      expect(await remove(now() + HOUR, { release: hostname() })).toMatchObject({ code: 1 });
      expect(await remove(now() - HOUR)).toMatchObject({ code: 1 });
      expect(await remove(now() + HOUR, { meanwhile: another })).toMatchObject({ code: 1 });
      expect(await locks()).toHaveLength(2);
      expect(await remove(now() + HOUR, { meanwhile: `rm "$LOCKS/${other}"` })).toMatchObject({ code: 0 });
      expect(await locks()).toEqual([]);
    }),
  );
});

describe('tidying', () => {
  testBy('restic', 'that is ended since the machine is no longer the writer leaves no lock behind', () =>
    tidied(async ({ box, busy, locks }) => {
      await busy('tidying');
      // Processes end while it looks for them; what it works in is gone afterwards.
      const lines = `find() { command find "$@"; return 1; }; end_tidying; wait
        (($(ls -d "$RUN"/verb.* | wc -l) == 1)) && [[ ! -e $WORK/answered ]]`;
      expect(await box(lines, own)).toMatchObject({ code: 0 });
      expect(await locks()).toEqual([]);
    }),
  );

  const own: Who = { release: 'blue-1', generation: 1, becameWriter: 1 };
  const RELAY = '(ROLE=relay RELAY_TO=10.0.0.2; save_role)';
  /** restic says what it is told to, and its commands are written down. */
  const RESTIC = 'repository_do() { echo "$1" >>"$BACKUP_DIR/commands"; [[ $1 != snapshots ]] || echo "[]"; }';

  test('forgets nothing and frees nothing once the machine is no longer the writer', () =>
    withDirectory(async (directory) => {
      await layOut(directory);
      const box = async (lines: string) =>
        JSON.parse(
          (await runProgram('bash', ['-c', `${machine(directory, own)}\n${RESTIC}\n${lines}\nverb_tend`])).stdout,
        );
      const commands = () => readFile(join(directory, 'backups/commands'), 'utf8').catch(() => '');
      expect(await box(`take_backup_turn() { ${RELAY}; }`)).toMatchObject({
        error: expect.stringContaining('this machine is no longer the writer'),
      });
      expect(await commands()).toBe('');
      expect(await box('')).toEqual({});
      expect(await commands()).toContain('prune');
    }));

  test('leaves word of damage, until the repository is in order; another’s lock is none', () =>
    withDirectory(async (directory) => {
      await layOut(directory);
      const damage = async (says: string): Promise<string> => {
        const restic = `repository_do() { echo '${says}' >"$WORK/restic"; [[ -z '${says}' ]]; }`;
        await runProgram('bash', ['-c', `${machine(directory, own)}\n${restic}\ncheck_repository`]);
        return readFile(join(directory, 'lib/repository-damage'), 'utf8').catch(() => '');
      };
      expect(await damage('repository is already locked by PID 1')).toBe('');
      expect(await damage('Fatal: repository contains errors')).toBe('Fatal: repository contains errors\n');
      expect(await damage('')).toBe('');
    }));
});
