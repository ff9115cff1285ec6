import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rename, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { needlesOf } from './needles.ts';
import { type Changed, readBegan, readHits, refuseHits, searchScript } from './secret-search.ts';
import { withDirectory } from './trial/programs.ts';
import { addFiles, type Files, projectWith, settingsIn } from './trial/project.ts';

const API_KEY = 'k-5f2d7c1e90ab44';
const PEM_BODY = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj';
const PEM = `-----BEGIN PRIVATE KEY-----\n${PEM_BODY}\n-----END PRIVATE KEY-----\n`;
const ACCOUNT = JSON.stringify(
  {
    type: 'service_account',
    private_key_id: '0f9d8e7c6b5a49382716050403020100ffeeddcc',
    private_key: PEM,
    token_uri: 'https://oauth2.googleapis.com/token',
    client_email: 'robot@example.iam.gserviceaccount.com',
  },
  null,
  2,
);

interface How {
  readonly when?: 'cleaned' | 'booted';
  /** Shell that runs before it. */
  readonly before?: string;
  /** What happens on the machine after the time since which changes are read; the whole disk is without it. */
  readonly meanwhile?: Meanwhile;
}

type Meanwhile = (root: string) => Promise<Partial<Changed>>;

/** What the search finds in a machine with these files, in words. */
async function search(
  machine: Files,
  { when = 'cleaned', before = '', meanwhile }: How = {},
): Promise<readonly string[]> {
  const project = await projectWith({
    '.env': {
      text: `ANNY_API_KEY=${API_KEY}\nVULTR_API_KEY=another-secret-here\nANNY_SERVICE_ACCOUNT_FILE=account.json\n`,
      mode: 0o600,
    },
    'account.json': ACCOUNT,
  });
  const needles = needlesOf(await settingsIn(project));
  return withDirectory(async (root) => {
    await addFiles(root, machine);
    const place = { root, ...(meanwhile === undefined ? {} : { changed: await whatChanged(root, meanwhile) }) };
    const output = await new Promise<string>((resolve, reject) => {
      const child = execFile(
        'bash',
        ['-euo', 'pipefail', '-c', `${before}${searchScript(place)}`],
        (error, stdout, stderr) => (error === null ? resolve(`${stdout}${stderr}`) : reject(error)),
      );
      child.stdin?.end(needles.map(({ text }) => text).join('\n'));
    });
    for (const { text } of needles) expect(output).not.toContain(text);
    return readHits(output.replaceAll(root, ''), needles, when);
  });
}

async function whatChanged(root: string, meanwhile: Meanwhile): Promise<Changed> {
  await sleep(20);
  const since = `echo ${Date.now() / 1000}`;
  await sleep(20);
  return { since, ...(await meanwhile(root)) };
}

describe('a secret in the image is found, and its file named', () => {
  test.each([
    ['in a configuration file', { 'etc/app.conf': `key = "${API_KEY}"\n` }],
    ['in the middle of a binary', { 'opt/x.bin': `\0\x01\xff${API_KEY}\0` }],
    [
      'in a layer of a container image',
      { 'var/lib/docker/overlay2/ab/diff/app/dev/run/proc/sys/x.js': `"${API_KEY}"` },
    ],
    ['in a hidden directory at the top', { '.cache/x': API_KEY }],
    ['as a part of a longer line', { 'var/log/x.log': `GET /?key=${API_KEY}&x=1\n` }],
    ['as the password of a Basic login', { 'root/.netrc.json': Buffer.from(`robot:${API_KEY}`).toString('base64') }],
    ['with a letter before it, in base64 for URLs', { 'opt/x': Buffer.from(`ab${API_KEY}??`).toString('base64url') }],
    ['in hexadecimal', { 'opt/x': Buffer.from(API_KEY).toString('hex') }],
    ['in a log that was rotated and packed', { 'var/log/x.log.1.gz': gzipSync(`GET /?key=${API_KEY}\n`) }],
    ['at the head of a large file', { 'opt/large': `${API_KEY}\n${'x'.repeat(3_000_000)}` }],
    ['at the head of a large packed file', { 'opt/large.tgz': gzipSync(`${API_KEY}\n${randomBytes(2_000_000)}`) }],
    ['in base64', { 'root/.docker/config.json': Buffer.from(API_KEY).toString('base64') }],
    ['in a name with spaces', { 'home/a b/x y': API_KEY }],
  ])('%s', async (_where, files) => {
    expect(await search(files)).toEqual([`/${Object.keys(files)[0]} holds ANNY_API_KEY`]);
  });

  test('a key file that is used by its parts', async () => {
    expect(await search({ 'etc/id': '0f9d8e7c6b5a49382716050403020100ffeeddcc', 'etc/body': PEM_BODY })).toEqual([
      '/etc/body holds service-account.json',
      '/etc/id holds service-account.json',
    ]);
  });

  test('several secrets in one file', async () => {
    expect(await search({ 'opt/.env': `A=${API_KEY}\nB=another-secret-here\n` })).toEqual([
      '/opt/.env holds VULTR_API_KEY',
      '/opt/.env holds ANNY_API_KEY',
    ]);
  });
});

describe('of a disk that was searched before', () => {
  const BEFORE = {
    'opt/old.conf': API_KEY,
    'opt/old.gz': gzipSync(API_KEY),
    'root/.ssh/authorized_keys': 'ssh-ed25519 AAAA\n',
  };
  const OLD = new Date('2001-01-01');

  test('only what has changed is read, whatever date it bears, and always who could log in', async () => {
    const meanwhile = async (root: string) => {
      await addFiles(root, { 'opt/new.conf': API_KEY, 'srv/new.tgz': gzipSync(API_KEY), 'etc/key': PEM });
      await utimes(join(root, 'opt/new.conf'), OLD, OLD);
      return {};
    };
    expect((await search(BEFORE, { meanwhile })).toSorted()).toEqual([
      '/etc/key holds a private key',
      '/etc/key holds service-account.json',
      '/opt/new.conf holds ANNY_API_KEY',
      '/root/.ssh/authorized_keys lets somebody in',
      '/srv/new.tgz holds ANNY_API_KEY',
    ]);
  });

  test('nothing changed is nothing found', async () => {
    expect(await search({ 'opt/old': API_KEY }, { meanwhile: async () => ({}) })).toEqual([]);
  });

  test('a file that got another name is read again', async () => {
    const meanwhile = async (root: string) => {
      await mkdir(join(root, 'srv'));
      await rename(join(root, 'opt/old.conf'), join(root, 'srv/app.conf'));
      return {};
    };
    expect(await search({ 'opt/old.conf': API_KEY }, { meanwhile })).toEqual(['/srv/app.conf holds ANNY_API_KEY']);
  });

  test('what was written since an earlier time is read too, though it was copied since', async () => {
    const meanwhile = async (root: string) => {
      await utimes(join(root, 'opt/old.conf'), OLD, OLD);
      return { since: 'echo 99999999999', searchedAt: '1000000000' };
    };
    expect(await search(BEFORE, { meanwhile })).toEqual([
      '/opt/old.gz holds ANNY_API_KEY',
      '/root/.ssh/authorized_keys lets somebody in',
    ]);
  });

  test('thousands of files with long names are read', { timeout: 60_000 }, async () => {
    const name = (at: number): string => `var/lib/${'x'.repeat(200)}/${'y'.repeat(200)}/${at}`;
    const meanwhile = async (root: string) => {
      await addFiles(
        root,
        Object.fromEntries(Array.from({ length: 6000 }, (_, at) => [name(at), at === 5500 ? API_KEY : 'x'])),
      );
      return {};
    };
    expect(await search({}, { meanwhile })).toEqual([`/${name(5500)} holds ANNY_API_KEY`]);
  });

  test('what came after an earlier search is read with old dates too, where the disk has kept its dates', async () => {
    const meanwhile = async (root: string) => {
      const searchedAt = String(Date.now() / 1000);
      await sleep(20);
      await addFiles(root, { 'opt/copied.conf': API_KEY });
      await utimes(join(root, 'opt/copied.conf'), OLD, OLD);
      return { since: 'echo 99999999999', searchedAt };
    };
    const disk = { ...BEFORE, 'etc/anny/image.json': '{}' };
    expect(await search(disk, { meanwhile })).toEqual([
      '/opt/copied.conf holds ANNY_API_KEY',
      '/root/.ssh/authorized_keys lets somebody in',
    ]);
  });

  test('swap that is off by now is read', async () => {
    const off = {
      'etc/fstab': '# disks\n/dev/vda1 / ext4 defaults 0 1\n/swap none swap sw 0 0\n',
      swap: `\0${API_KEY}\0`,
    };
    expect(await search(off, { meanwhile: async () => ({}) })).toEqual(['/swap holds ANNY_API_KEY']);
  });

  test('swap is read as a whole: what is written there changes no date', async () => {
    const swap = { 'proc/swaps': 'Filename Type Size Used Priority\n/swap file 1 0 -2\n', swap: `\0${API_KEY}\0` };
    expect(await search(swap, { meanwhile: async () => ({}) })).toEqual(['/swap holds ANNY_API_KEY']);
  });

  test('when it began is said; where that is not known everything has come since', () => {
    expect(readBegan('secret\t/x\t1\nbegan\t1764000000.25\n')).toBe('1764000000.25');
    expect(readBegan('nothing')).toBe('0');
  });
});

describe('key material is found, whoever it belongs to', () => {
  test.each([
    ['a PEM key', { 'opt/key.pem': '-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n' }],
    ['an OpenSSH key', { 'home/x/.ssh/id': '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n' }],
    ['an indented one', { 'opt/values.yaml': 'key: |\n  -----BEGIN PRIVATE KEY-----\n  MIIE\n' }],
    ['one in JSON', { 'opt/x.json': `{"private_key":"-----BEGIN PRIVATE KEY-----\\n${'A'.repeat(64)}\\n"}` }],
    ['an age identity', { 'root/key.txt': 'AGE-SECRET-KEY-1QQQQQQ\n' }],
    [
      "one in the app's tests, which would be published too",
      { 'var/lib/docker/x/diff/app/test/key.pem': PEM.replace(PEM_BODY, 'x') },
    ],
    ['a host key of the builder', { 'etc/ssh/ssh_host_ed25519_key': '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n' }],
  ])('%s', async (_what, files) => {
    expect(await search(files)).toEqual([`/${Object.keys(files)[0]} holds a private key`]);
  });

  test.each([
    ['of AWS', 'AKIA', 16, 'Q7'],
    ['of GitHub', 'ghp_', 36, 'aB3'],
    ['of GitLab', 'glpat-', 20, 'x_Y'],
    ['of Google', 'AIza', 35, 'Zz9'],
    ['of npm', 'npm_', 36, 'aB3'],
  ])('an access token %s', async (_whose, prefix, length, signs) => {
    const token = `${prefix}${signs.repeat(length).slice(0, length)}`;
    expect(await search({ 'etc/x.conf': `token=${token}\n` })).toEqual([
      '/etc/x.conf holds an access token of a known form',
    ]);
  });

  test('who could log in', async () => {
    const files = {
      'root/.ssh/authorized_keys': 'ssh-ed25519 AAAA\n',
      'home/deploy/.ssh/authorized_keys': 'ssh-ed25519 AAAA\n',
      'etc/anny/pull_keys': 'ssh-ed25519 AAAA\n',
      'etc/shadow': 'root:$6$salt$hash:1::::::\ndaemon:*:1::::::\nold:!$6$salt$hash:1::::::\n',
    };
    expect(await search(files)).toEqual([
      '/root/.ssh/authorized_keys lets somebody in',
      '/home/deploy/.ssh/authorized_keys lets somebody in',
      '/etc/anny/pull_keys lets somebody in',
      '/etc/shadow (root) has a password',
      '/etc/shadow (old) has a password',
    ]);
  });
});

describe('what is innocent is let through', () => {
  test.each([
    [
      'what a library says of key files',
      {
        'opt/lib.js':
          '{"type": "service_account","token_uri":"https://oauth2.googleapis.com/token"}\nconst begin = "-----BEGIN PRIVATE KEY-----";\n',
      },
    ],
    [
      'test keys of packages',
      { 'usr/lib/python3/dist-packages/x/tests/key.pem': '-----BEGIN PRIVATE KEY-----\nMIIE\n' },
    ],
    [
      'certificates and public keys',
      { 'etc/ssl/x.pem': '-----BEGIN CERTIFICATE-----\nMIIE\n-----BEGIN PUBLIC KEY-----\n' },
    ],
    ['words that look like tokens from afar', { 'etc/x': 'AKIA glpat-short npm_install SG.x.y AIza\n' }],
    ['what is no disk', { 'proc/1/environ': API_KEY, 'sys/x': API_KEY, 'dev/shm/x': API_KEY, 'run/x': API_KEY }],
    ['empty lists of keys', { 'root/.ssh/authorized_keys': '', 'etc/shadow': 'root:*:1::::::\ndeploy:!:1::::::\n' }],
  ])('%s', async (_what, files) => {
    expect(await search(files)).toEqual([]);
  });

  test('keys that a booted machine has made for itself; not so what it should not have', async () => {
    const files = {
      'etc/ssh/ssh_host_ed25519_key': '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n',
      'home/anny-bake/.ssh/authorized_keys': 'ssh-ed25519 AAAA\n',
      'etc/shadow': 'root:$6$salt$hash:1::::::\n',
      'home/deploy/.ssh/authorized_keys': 'ssh-ed25519 AAAA\n',
    };
    expect(await search(files, { when: 'booted' })).toEqual(['/home/deploy/.ssh/authorized_keys lets somebody in']);
  });
});

test('hits stop the bake, each file once, with what to do', () => {
  expect(() => refuseHits(['/a holds X', '/a holds X', '/b holds a private key'])).toThrow(
    'searching the image for secrets: /a holds X; /b holds a private key',
  );
  expect(() => refuseHits([])).not.toThrow();
});

test('keys with a comma between them are looked for one by one', async () => {
  const project = await projectWith({
    '.env': { text: 'ANNY_API_KEY=new-key-0123456789,old-key-0123456789\n', mode: 0o600 },
  });
  const texts = needlesOf(await settingsIn(project)).map(({ text }) => text);
  expect(texts).toEqual(expect.arrayContaining(['new-key-0123456789', 'old-key-0123456789']));
});

test('pieces too short to mean anything are not looked for', async () => {
  const project = await projectWith({ '.env': { text: 'ANNY_API_KEY=abc\n', mode: 0o600 } });
  expect(needlesOf(await settingsIn(project))).toEqual([]);
});

describe('a search that could not read all', () => {
  const LONG_LINE = 'x'.repeat(60_000_000);
  const LITTLE_MEMORY = 'ulimit -v 50000\n';

  test('says so, and never that nothing was found', { timeout: 60_000 }, async () => {
    const files = { 'opt/a-long-line': LONG_LINE, 'srv/app.conf': `key = "${API_KEY}"\n` };
    await expect(search(files, { before: LITTLE_MEMORY })).rejects.toThrow(
      /memory exhausted\n.*the search of the disk broke off/,
    );
  });

  test('names a secret by its file where memory does not do for more', { timeout: 60_000 }, async () => {
    const files = { 'opt/x.gz': gzipSync(`${LONG_LINE}${API_KEY}`) };
    expect(await search(files, { before: LITTLE_MEMORY })).toEqual(['/opt/x.gz holds a secret']);
  });

  test('reads swap files in pieces, wherever they are, and what lies beside them', { timeout: 60_000 }, async () => {
    const swap = '\0'.repeat(60_000_000);
    const files = {
      'proc/swaps': 'Filename Type Size Used Priority\n/swap\\040file file 1 0 -2\n/var/swap/1 file 1 0 -3\n',
      'swap file': `${swap}${API_KEY}\0`,
      'var/swap/1': swap,
      'var/swap/app.conf': API_KEY,
    };
    expect(await search(files, { before: LITTLE_MEMORY })).toEqual([
      '/var/swap/app.conf holds ANNY_API_KEY',
      '/swap file holds ANNY_API_KEY',
    ]);
  });
});
