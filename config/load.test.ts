import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadSettings } from './load.ts';
import type { LoadedSettings } from './settings.ts';
import type { LoadOptions } from './sources.ts';

async function directoryWith(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-config-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text, { mode: 0o600 });
  return directory;
}

async function load(files: Record<string, string>, options: Partial<LoadOptions> = {}): Promise<LoadedSettings> {
  return loadSettings({ directory: await directoryWith(files), env: {}, ...options });
}

function originOf(settings: LoadedSettings, key: string): string | undefined {
  return settings.origins.find((row) => row.key === key)?.origin;
}

describe('for each key the first place that has it wins', () => {
  const CONFIG =
    'infra:\n  vultr_plan: from-config\nenvironments:\n  local:\n    infra:\n      vultr_plan: from-overlay\n';
  const everywhere = {
    'config.yaml': CONFIG,
    '.env': 'X=1\nANNY_INFRA_VULTR_PLAN=from-dotenv\n',
    '.env.local': 'ANNY_INFRA_VULTR_PLAN=from-dotenv-local\n',
  };
  const env = { ANNY_INFRA_VULTR_PLAN: 'from-environment' };
  const { '.env.local': _, ...withoutLocal } = everywhere;

  const levels: readonly (readonly [string, Record<string, string>, Partial<LoadOptions>, string, string])[] = [
    [
      'the environment',
      everywhere,
      { environment: 'local', env },
      'from-environment',
      'environment ANNY_INFRA_VULTR_PLAN',
    ],
    ['.env.local', everywhere, { environment: 'local' }, 'from-dotenv-local', '.env.local line 1'],
    ['.env in another environment', everywhere, {}, 'from-dotenv', '.env line 2'],
    ['.env', withoutLocal, { environment: 'local' }, 'from-dotenv', '.env line 2'],
    [
      'the overlay',
      { 'config.yaml': CONFIG },
      { environment: 'local' },
      'from-overlay',
      'config.yaml:6 (environment local)',
    ],
    ['config.yaml', { 'config.yaml': CONFIG }, {}, 'from-config', 'config.yaml:2'],
    ['the default', {}, {}, 'vc2-1c-1gb', 'default'],
  ];
  test.each(levels)('%s', async (_level, files, options, plan, origin) => {
    const settings = await load(files, options);
    expect(settings.config.infra.vultr_plan).toBe(plan);
    expect(originOf(settings, 'infra.vultr_plan')).toBe(origin);
  });

  test('an empty variable counts as not set', async () => {
    const settings = await load({ 'config.yaml': CONFIG, '.env': 'ANNY_INFRA_VULTR_PLAN=\n' });
    expect(settings.config.infra.vultr_plan).toBe('from-config');
  });

  test('CERTBOT_EMAIL is another name of tls.email, and the one with ANNY_ wins', async () => {
    const one = await load({}, { env: { CERTBOT_EMAIL: 'a@example.com' } });
    expect(one.config.tls.email).toBe('a@example.com');
    expect(originOf(one, 'tls.email')).toBe('environment CERTBOT_EMAIL');
    const both = await load({}, { env: { CERTBOT_EMAIL: 'a@example.com', ANNY_TLS_EMAIL: 'b@example.com' } });
    expect(both.config.tls.email).toBe('b@example.com');
  });

  test('variables hold numbers, truth values, durations, lists and maps', async () => {
    const { config } = await load(
      { 'config.yaml': 'app: { environment: { A: file, B: file } }\n' },
      {
        env: {
          ANNY_APP_PORT: '9000',
          ANNY_DEPLOY_WATCH_FAILURE_LIMIT: '0.5',
          ANNY_IMAGE_UPGRADE: 'false',
          ANNY_DEPLOY_HEALTH_WAIT: '2m',
          ANNY_INFRA_NAME_SERVERS: '10.0.0.1, 10.0.0.2:5353',
          ANNY_APP_ENVIRONMENT: 'B=variable,C=x=y',
        },
      },
    );
    expect(config.app.port).toBe(9000);
    expect(config.deploy.watch_failure_limit).toBe(0.5);
    expect(config.image.upgrade).toBe(false);
    expect(config.deploy.health.wait).toBe(120_000);
    expect(config.infra.name_servers).toEqual(['10.0.0.1', '10.0.0.2:5353']);
    expect(config.app.environment).toEqual({ A: 'file', B: 'variable', C: 'x=y' });
  });
});

describe('environments lie over the rest of config.yaml', () => {
  const files = {
    'config.yaml': [
      'app:',
      '  environment: { LEVEL: info, REGION: ewr }',
      '  secret_files: {}',
      'environments:',
      '  local:',
      '    app: { environment: { LEVEL: debug } }',
      '  production:',
    ].join('\n'),
  };

  test('maps are merged name by name, each with its own origin', async () => {
    const settings = await load(files, { environment: 'local' });
    expect(settings.config.app.environment).toEqual({ LEVEL: 'debug', REGION: 'ewr' });
    expect(originOf(settings, 'app.environment.LEVEL')).toBe('config.yaml:6 (environment local)');
    expect(originOf(settings, 'app.environment.REGION')).toBe('config.yaml:2');
  });

  test('an empty map replaces the default one', async () => {
    const settings = await load(files);
    expect(settings.config.app.secret_files).toEqual({});
    expect(originOf(settings, 'app.secret_files')).toBe('config.yaml:3');
  });

  test('--env wins over ANNY_ENV, ANNY_ENV in the environment over .env, and production is the default', async () => {
    const dotenv = { ...files, '.env': 'ANNY_ENV=local\n' };
    expect((await load(files)).environment).toBe('production');
    expect((await load(dotenv)).environment).toBe('local');
    expect((await load(dotenv, { env: { ANNY_ENV: 'production' } })).environment).toBe('production');
    expect((await load(files, { env: { ANNY_ENV: 'production' }, environment: 'local' })).environment).toBe('local');
  });

  test('an unknown environment is refused with the known ones', async () => {
    await expect(load(files, { environment: '../x' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      found: '1 problem\n  --env: found "../x", allowed: production, local',
    });
  });
});

describe('files', () => {
  test('without any file the defaults hold', async () => {
    const settings = await load({});
    expect(settings.file).toBeUndefined();
    expect(settings.publicName).toBe('anny.membies.com');
    expect(new Set(settings.origins.map(({ origin }) => origin))).toEqual(new Set(['default']));
  });

  test('comments alone, and sections without keys, are as good as nothing', async () => {
    expect((await load({ 'config.yaml': '# infra:\n' })).config.app.port).toBe(8000);
    expect((await load({ 'config.yaml': 'infra:\n#  vultr_plan: x\ndeploy:\n  health:\n' })).config.deploy.ttl).toBe(
      300_000,
    );
  });

  test('another file may be given, and .env lies beside it', async () => {
    const directory = await directoryWith({
      'other.yaml': 'infra: { subdomain: "" }\n',
      '.env': 'VULTR_API_KEY=abcdef\n',
    });
    const settings = await loadSettings({ file: join(directory, 'other.yaml'), env: {} });
    expect(settings.publicName).toBe('membies.com');
    expect(settings.secret('VULTR_API_KEY')).toBe('abcdef');
    expect(originOf(settings, 'infra.subdomain')).toBe('other.yaml:1');
  });

  test('a given file that is not there is an error, other than config.yaml', async () => {
    const directory = await directoryWith({});
    await expect(loadSettings({ file: join(directory, 'x.yaml'), env: {} })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      found: 'there is no such file',
    });
  });

  test('what is odd but not wrong is a warning', async () => {
    const directory = await directoryWith({
      '.env': 'VULTR_API_KEY: abcdef\nANNY_SERVICE_ACCOUNT_FILE=missing.json\nANNY_APP_SOMETHING_ELSE_ENTIRELY=1\n',
      'config.yml': '',
    });
    await chmod(join(directory, '.env'), 0o644);
    const { warnings } = await loadSettings({ directory, env: {} });
    expect(warnings).toEqual([
      'config.yml is not read: its name must be config.yaml',
      `.env can be read by other users (mode 644): chmod 600 ${join(directory, '.env')}`,
      '.env:1 is not NAME=value, and is not read',
      '.env:3  ANNY_APP_SOMETHING_ELSE_ENTIRELY: names no key, and is not read',
      'ANNY_SERVICE_ACCOUNT_FILE should be the path of service-account.json, but that file cannot be read (ENOENT)',
    ]);
  });

  test('values of several lines in .env give no warning', async () => {
    const { warnings } = await load({ '.env': 'ANNY_API_KEY="first line\nsecond line\nthird"\n' });
    expect(warnings).toEqual([]);
  });
});

describe('secrets', () => {
  const files = {
    'config.yaml': 'app: { secrets: [ANNY_API_KEY, SENTRY_DSN] }\n',
    '.env':
      'ANNY_API_KEY=key-from-dotenv\nANNY_SERVICE_ACCOUNT_FILE=account.json\nOTHER=not-a-secret\nALERT_WEBHOOK_URL=\n',
    'account.json': '{"private_key": "-----BEGIN-----\\nMIIEvQIBADANBg\\n"}',
  };

  test('come from the environment before .env', async () => {
    const settings = await load(files, { env: { ANNY_API_KEY: 'key-from-environment', SENTRY_DSN: 'dsn-dsn' } });
    expect(settings.secret('ANNY_API_KEY')).toBe('key-from-environment');
    expect(settings.secret('ALERT_WEBHOOK_URL')).toBeUndefined();
  });

  test('all values are known: those of Anny, those of the app, and contents of secret files', async () => {
    const settings = await load(files, { env: { SENTRY_DSN: 'dsn-dsn', ANNY_BACKUP_PASSWORD: 'long-and-random' } });
    expect(Object.fromEntries(settings.secretValues())).toEqual({
      ANNY_BACKUP_PASSWORD: 'long-and-random',
      ANNY_API_KEY: 'key-from-dotenv',
      SENTRY_DSN: 'dsn-dsn',
      'service-account.json': files['account.json'],
    });
    expect(settings.mask('key-from-dotenv and dsn-dsn, not-a-secret')).toBe('*** and ***, not-a-secret');
  });

  test('say whether and where they are set', async () => {
    const settings = await load(files);
    expect(settings.secretOrigins).toEqual([
      { name: 'VULTR_API_KEY', set: false, origin: '' },
      ...['ANNY_BACKUP_PASSWORD', 'RESTIC_REST_PASSWORD', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => ({
        ...{ name, set: false, origin: '' },
      })),
      { name: 'ALERT_WEBHOOK_URL', set: false, origin: '' },
      { name: 'PULUMI_CONFIG_PASSPHRASE', set: false, origin: '' },
      { name: 'PULUMI_ACCESS_TOKEN', set: false, origin: '' },
      { name: 'ANNY_API_KEY', set: true, origin: '.env line 1' },
      { name: 'SENTRY_DSN', set: false, origin: '' },
      { name: 'service-account.json', set: true, origin: '.env line 2' },
      { name: 'backup/ssh_key', set: false, origin: '' },
    ]);
  });

  test('their names are no misspelt keys', async () => {
    const settings = await load({}, { env: { ANNY_BACKUP_PASSWORD: 'long-and-random' } });
    expect(settings.warnings).toEqual([]);
  });
});
