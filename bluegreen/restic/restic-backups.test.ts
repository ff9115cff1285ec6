import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runProgram, testBy } from '../../builder/trial/programs.ts';
import { configSchema } from '../../config/schema.ts';
import type { Settings } from '../../config/settings.ts';
import { AnnyError } from '../../operation/errors.ts';
import { hostOf, repositoryFiles, repositoryOf } from './repository.ts';
import { restic } from './restic.ts';
import { NOT_MADE_YET, resticBackups } from './restic-backups.ts';

/** Nothing that can be made smaller. */
const TEXT = randomBytes(50_000).toString('hex');

const SECRETS: Readonly<Record<string, string>> = {
  ANNY_BACKUP_PASSWORD: 'of the backups',
  RESTIC_REST_PASSWORD: 'p@ss/word',
  AWS_ACCESS_KEY_ID: 'an-id',
  AWS_SECRET_ACCESS_KEY: 'a-key',
};

function settingsFor(repository: string, secrets = SECRETS, besides: object = {}): Settings {
  return {
    environment: 'test',
    config: configSchema.parse({ backup: { repository, ...besides } }),
    directory: '/nowhere',
    publicName: 'app.example.com',
    secret: (name) => secrets[name],
    secretValues: () => new Map([['backup/ssh_key', 'a private key']]),
  };
}

test.each([
  ['s3:https://ewr1.vultrobjects.com/bucket/anny', 's3:https://ewr1.vultrobjects.com/bucket/anny'],
  ['rest:https://anny@host:8000/anny/', 'rest:https://anny:p%40ss%2Fword@host:8000/anny/'],
  ['rest:http://host/anny/', 'rest:http://host/anny/'],
  ['/mnt/backups', '/mnt/backups'],
])('%s: a machine gets an address that restic can open', (given, address) => {
  const repository = repositoryOf(settingsFor(given));
  expect(repository && repositoryFiles(repository)).toMatchObject({
    'backup/repository': `${address}\n`,
    'backup/password': 'of the backups\n',
    ...(given.startsWith('s3:') ? { 'backup/credentials': expect.stringContaining('aws_access_key_id=an-id\n') } : {}),
  });
});

test('sftp: goes to the pinned host key alone', () => {
  const hostKey = `ssh-ed25519 ${'A'.repeat(68)}`;
  const ways = ['sftp:backup@host:/srv/anny', 'sftp://backup@host:2222//srv/anny'].map((one) =>
    repositoryOf(settingsFor(one, SECRETS, { ssh_host_key: hostKey })),
  );
  expect(ways.map((one) => [one?.knownHosts, one?.sshTarget])).toEqual([
    [`host ${hostKey}\n`, ['-p', '22', 'backup@host']],
    [`[host]:2222 ${hostKey}\n`, ['-p', '2222', 'backup@host']],
  ]);
  expect(() => repositoryOf(settingsFor('sftp:backup@host:/srv/anny'))).toThrow('backup.ssh_host_key is empty');
});

test.each([
  ['s3:https://ewr1.vultrobjects.com/bucket', 'ewr1.vultrobjects.com'],
  ['rest:http://anny@app.example.com:8000/anny/', 'app.example.com'],
  ['sftp:backup@app.example.com:/srv/anny', 'app.example.com'],
  ['sftp://backup@app.example.com:2222//srv/anny', 'app.example.com'],
  ['/mnt/backups', ''],
])('%s lies on %s', (address, host) => {
  expect(hostOf(address)).toBe(host);
});

test.each([
  ['rest:https://anny@host/anny/', 'ANNY_BACKUP_PASSWORD'],
  ['rest:https://anny@host/anny/', 'RESTIC_REST_PASSWORD'],
  ['s3:https://host/bucket', 'AWS_SECRET_ACCESS_KEY'],
])('%s: says that %s is missing', (repository, name) => {
  const { [name]: _, ...others } = SECRETS;
  expect(() => repositoryOf(settingsFor(repository, others))).toThrow(`${name} is not set`);
});

test('a path on the machine is no backup off it, and cannot be read from here', async () => {
  const backups = resticBackups(settingsFor('/mnt/backups'));
  expect(backups).toMatchObject({ configured: true, offMachine: false });
  expect((await backups.list()).backups).toEqual([]);
});

testBy('rclone', 'restic lists what machines kept, gives it out, and tells what is wrong', async () => {
  const { backups, keep, directory, address } = await host();
  expect(await backups.list()).toEqual({ backups: [], proof: undefined });
  await keep('2026-01-01 10:00:00', 'backup,release=blue-1,generation=1,sequence=9,bytes=7');
  await keep('2026-01-01 09:00:00', 'backup,release=green-2,generation=2,sequence=1,bytes=8');
  await keep('2026-01-01 11:00:00', 'something-else');
  const proof = { at: 1_767_225_600, backup: '1a2b3c4d', by: 'drill', tookMs: 12_345 } as const;
  await backups.prove(proof);
  const { backups: listed, ...rest } = await backups.list();
  expect(rest.proof).toEqual(proof);
  expect(listed.map(({ release, bytes }) => [release, bytes])).toEqual([
    ['green-2', 8],
    ['blue-1', 7],
  ]);
  const [backup] = listed;
  if (backup === undefined) throw new Error('nothing is listed');
  expect(backup.name).toMatch(/^20260101-090000-[0-9a-f]{8}$/);

  await expect(backups.verify(backup)).resolves.toBeUndefined();
  const out = new PassThrough();
  const [, tar] = await Promise.all([backups.write(backup, out), buffer(out)]);
  expect(tar.includes('state/ledger')).toBe(true);
  expect(tar.includes('password')).toBe(false);
  expect(tar.includes(TEXT.slice(0, 100))).toBe(true);

  await turnBits(join(directory, 'repository', 'data'));
  await expect(backups.verify(backup)).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' });

  const wrong = resticBackups(settingsFor(address, { ...SECRETS, ANNY_BACKUP_PASSWORD: 'another' }));
  await expect(wrong.list()).rejects.toMatchObject({
    code: 'BACKUP_UNREADABLE',
    found: expect.stringMatching(/password/),
  });
});

test('a host that does not answer is not an empty one, and its password is not shown', async () => {
  const nowhere = resticBackups(settingsFor(`rest:http://anny@127.0.0.1:${await freePort()}/x/`));
  const problem = await nowhere.list().catch((error: unknown) => error);
  expect(['BACKUP_UNREADABLE', 'PROGRAM_MISSING']).toContain(problem instanceof AnnyError && problem.code);
  expect(inspect(problem)).not.toMatch(/p@ss|p%40ss/);
});

test('a machine knows a repository that is not there yet by the same words as this computer', async () => {
  const there = await readFile(
    join(import.meta.dirname, '../../templates/base/usr/local/lib/anny/repository.sh'),
    'utf8',
  );
  expect(there).toContain(`grep -qiE '${NOT_MADE_YET.source}'`);
});

test('says what to install where there is no restic', async () => {
  vi.stubEnv('PATH', '/nowhere');
  onTestFinished(() => void vi.unstubAllEnvs());
  const missing = resticBackups(settingsFor('rest:http://host/x/')).list();
  await expect(missing).rejects.toMatchObject({ code: 'PROGRAM_MISSING', next: expect.stringContaining('apt-get') });
});

/** One bit in each file. */
async function turnBits(data: string): Promise<void> {
  const found = await readdir(data, { recursive: true, withFileTypes: true });
  for (const path of found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))) {
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(path, bytes);
  }
}

/** A repository host of its own, with nothing in it. */
async function host() {
  const directory = await mkdtemp(join(tmpdir(), 'anny-restic-test-'));
  const port = await freePort();
  const env = { ...process.env, RCLONE_CONFIG: '/dev/null', RCLONE_USER: 'anny', RCLONE_PASS: 'p@ss/word' };
  const server: ChildProcess = spawn('rclone', ['serve', 'restic', '--addr', `127.0.0.1:${port}`, directory], { env });
  onTestFinished(async () => {
    server.kill();
    await rm(directory, { recursive: true, force: true });
  });
  const address = `rest:http://anny@127.0.0.1:${port}/repository/`;
  const repository = repositoryOf(settingsFor(address));
  if (repository === undefined) throw new Error('no repository');
  await up(port);
  let made = false;
  const state = join(directory, 'made', 'state');
  return {
    address,
    directory,
    backups: resticBackups(settingsFor(address)),
    keep: async (time: string, tags: string): Promise<void> => {
      if (!made) expect(await restic(repository, ['init'])).toMatchObject({ code: 0 });
      made = true;
      await mkdir(state, { recursive: true });
      await writeFile(join(state, 'ledger'), TEXT);
      for (const [path, text] of Object.entries(repositoryFiles(repository))) {
        await writeFile(join(directory, 'made', path.replace('backup/', '')), text);
      }
      // As a machine does it: from within the copy, by names that never change.
      const words = `backup --time '${time}' --tag ${tags} state password`;
      const script = `cd ${directory}/made && restic -q --repository-file repository --password-file password ${words}`;
      expect(await runProgram('sh', ['-c', script])).toMatchObject({ code: 0 });
    },
  };
}

async function up(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await runProgram('curl', ['-s', '-o', '/dev/null', `http://127.0.0.1:${port}/`])).code === 0) return;
    await sleep(50);
  }
  throw new Error('rclone does not come up');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
