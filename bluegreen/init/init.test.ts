import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openAccount } from '../../cloud/account/account.ts';
import { openAccountSetup } from '../../cloud/account/setup.ts';
import { loadSettings } from '../../config/load.ts';
import { demoEnvironment, ROOT } from '../../demo/project.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { API_KEY, type LocalApi, openLocalApi } from '../../test/cloud/local-api.ts';
import { planChoices, readOffers } from './offers.ts';

// The program as a person runs it, without a terminal, against the API over simulated machines.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
let api: LocalApi;
const directories: string[] = [];
beforeAll(async () => {
  api = await openLocalApi({ clock: systemClock });
});
afterAll(async () => {
  await api.close();
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

async function empty(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-init-test-'));
  directories.push(directory);
  return directory;
}

const SAID = ['--domain', 'anny.example.com', '--region', 'ewr', '--email', 'ops@example.com', '--repository'];
const KEYS = { VULTR_API_KEY: API_KEY, AWS_ACCESS_KEY_ID: 'an-id-0123', AWS_SECRET_ACCESS_KEY: 'hush "hush' };
const S3 = 's3:https://ewr1.vultrobjects.com/bucket/anny';

function init(directory: string, words: readonly string[], env: Readonly<Record<string, string>> = KEYS) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const { ANNY_ENV: _demo, ...plain } = demoEnvironment(process.env);
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'anny-bluegreen.js'), 'init', ...words], {
      cwd: directory,
      env: { ...plain, HOME: directory, ANNY_INFRA_API_URL: api.apiUrl, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}

const settingsIn = (directory: string) => loadSettings({ env: {}, directory });

describe('init, where nobody is there to be asked', () => {
  it('names everything that is missing, at once, and writes nothing', async () => {
    const directory = await empty();
    const { code, stderr } = await init(directory, ['--yes', '--region', 'ewr'], {});
    expect(code).toBe(2);
    for (const word of ['--domain', '--repository', '--email', 'VULTR_API_KEY']) expect(stderr).toContain(word);
    expect(stderr).not.toContain('--region');
    expect(await readdir(directory)).not.toContain('config.yaml');
  });

  it.each([
    [['--region', 'ewx'], 'did you mean ewr?'],
    [['--plan', 'vc2-1c-2gbb'], 'did you mean vc2-1c-2gb?'],
    [['--domain', 'No Domain'], '--domain <name>'],
    [['--zone', 'example.org'], 'a domain that anny.example.com lies in'],
    [['--repository', 'ftp:x'], 's3:https://HOST/BUCKET/PATH'],
  ])('refuses %j with what was meant, and writes nothing', async (words, says) => {
    const directory = await empty();
    const { code, stderr } = await init(directory, [...SAID, S3, ...words]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
    expect(await readdir(directory)).not.toContain('.env');
  });

  it('refuses a password in the repository without showing it', async () => {
    const { code, stdout, stderr } = await init(await empty(), [...SAID, 'rest:https://user:hunter2-secret@host/x'], {
      ...KEYS,
      RESTIC_REST_PASSWORD: 'another-secret',
    });
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('without a password in it') });
    expect(stdout + stderr).not.toContain('hunter2-secret');
  });

  it('hears what is wrong with the API key, and never the key', async () => {
    const { code, stderr } = await init(await empty(), [...SAID, 'none'], { VULTR_API_KEY: 'wrong-key-0123456789' });
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('VULTR_API_KEY') });
    expect(stderr).not.toContain('wrong-key-0123456789');
  });
});

describe('init in an empty directory', () => {
  let directory: string;
  let told: { code: number | null; stdout: string; stderr: string };
  beforeAll(async () => {
    directory = await empty();
    told = await init(directory, [...SAID, S3, '--plan', 'vc2-1c-2gb', '--up']);
  });

  it('writes what every other command can read, with the answers in it', async () => {
    expect(told).toMatchObject({ code: 0 });
    const { config, publicName, secret, warnings } = await settingsIn(directory);
    expect(warnings).toEqual([]);
    expect(publicName).toBe('anny.example.com');
    expect(config.infra).toMatchObject({ vultr_plan: 'vc2-1c-2gb', parent_domain: 'example.com' });
    expect(config.backup.repository).toBe(S3);
    for (const [name, value] of Object.entries(KEYS)) expect(secret(name)).toBe(value);
  });

  it('makes up strong secrets, each another, shows none, and lets nobody else read them', async () => {
    const { secret } = await settingsIn(directory);
    const made = ['ANNY_API_KEY', 'ANNY_BACKUP_PASSWORD', 'PULUMI_CONFIG_PASSPHRASE'].map((name) => secret(name) ?? '');
    expect(new Set(made).size).toBe(3);
    for (const value of made) expect(value.length).toBeGreaterThanOrEqual(40);
    for (const value of [...made, ...Object.values(KEYS)]) expect(told.stdout + told.stderr).not.toContain(value);
    for (const name of ['.env', '.ssh/anny', '.ssh/anny_signing']) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    }
    expect(await readdir(directory)).toEqual(expect.arrayContaining(['.env', '.gitignore', 'app', 'config.yaml']));
  });

  it('has made the key and the domain that the account lacked', async () => {
    const own = (await readFile(join(directory, '.ssh/anny.pub'), 'utf8')).split(' ')[1] ?? '';
    const { config } = await settingsIn(directory);
    const keys = await api.ask('GET', '/ssh-keys');
    expect(JSON.stringify(keys.json)).toContain(own);
    expect(JSON.stringify(keys.json)).toContain(config.infra.ssh_key_name);
    expect((await api.ask('GET', '/domains/example.com')).status).toBe(200);
  });

  it('overwrites nothing: a second one refuses before it asks anything', async () => {
    const before = await readFile(join(directory, '.env'), 'utf8');
    const { code, stderr } = await init(directory, [], {});
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('are not overwritten') });
    expect(await readFile(join(directory, '.env'), 'utf8')).toBe(before);
  });

  it('takes up where an earlier one ended: what is there stays, the rest is written', async () => {
    const before = await readFile(join(directory, '.env'), 'utf8');
    await rm(join(directory, 'config.yaml'));
    const { code, stdout } = await init(directory, [...SAID, S3]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/wrote +config\.yaml\nkept +\.env/);
    expect(await readFile(join(directory, '.env'), 'utf8')).toBe(before);
    expect((await settingsIn(directory)).config.app).toMatchObject({ context: 'app', secrets: ['ANNY_API_KEY'] });
  });
});

it('leaves an app.new that is there alone, and says which line a .gitignore lacks', async () => {
  const directory = await empty();
  await mkdir(join(directory, 'app.new'));
  await writeFile(join(directory, 'app.new', 'mine'), 'x');
  await writeFile(join(directory, '.gitignore'), 'dist/\n');
  const { code, stdout } = await init(directory, [...SAID, 'none', '--ssh-key-name', 'another']);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('.gitignore has no line .env') });
  expect(await readFile(join(directory, 'app.new', 'mine'), 'utf8')).toBe('x');
  expect(await readFile(join(directory, '.gitignore'), 'utf8')).toBe('dist/\n');
});

describe('init beside an app', () => {
  it('takes its Dockerfile, and copies no other app', async () => {
    const directory = await empty();
    await writeFile(join(directory, 'Dockerfile'), 'FROM scratch\nEXPOSE 3000\n');
    await chmod(join(directory, 'Dockerfile'), 0o644);
    expect(await init(directory, [...SAID, 'none', '--app', 'shop'])).toMatchObject({ code: 0 });
    expect((await settingsIn(directory)).config.app).toMatchObject({ name: 'shop', context: '.', port: 3000 });
    expect(await readdir(directory)).not.toContain('app');
  });
});

it('shows plans with what they cost, the cheapest first', async () => {
  const cloud = openAccount({ apiUrl: api.apiUrl, apiKey: API_KEY, clock: systemClock });
  const setup = openAccountSetup({ apiUrl: api.apiUrl, apiKey: API_KEY, clock: systemClock });
  const [first] = planChoices(await readOffers(cloud, setup), 'ewr');
  expect(first?.name).toMatch(/^vc2-1c-1gb +\$5(\.00)? a month +1 vCPU, 1 GB RAM, 25 GB disk$/);
});
