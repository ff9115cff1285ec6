import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AnnyError } from '../operation/errors.ts';
import { loadSettings } from './load.ts';

/** What the loader says of a config.yaml with this text, line by line. */
async function complaints(
  text: string,
  env: Record<string, string> = {},
  dotenv?: string,
): Promise<{ code: string; lines: string[]; next: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-config-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'config.yaml'), text);
  if (dotenv !== undefined) await writeFile(join(directory, '.env'), dotenv, { mode: 0o600 });
  try {
    await loadSettings({ directory, env });
  } catch (error) {
    if (!(error instanceof AnnyError)) throw error;
    return { code: error.code, lines: error.found.split('\n').map((line) => line.trim()), next: error.next };
  }
  throw new Error('the file was accepted');
}

interface Case {
  readonly about: string;
  readonly text: string;
  readonly says: string;
}

const SECTIONS = 'app, infra, deploy, backup, tls, monitor, image, prices';

const INVALID: readonly Case[] = [
  {
    about: 'a misspelt key',
    text: 'infra:\n  vultr_pln: vc2-1c-1gb\n',
    says: 'config.yaml:2:3  infra.vultr_pln: no such key; did you mean infra.vultr_plan?',
  },
  {
    about: 'a key in the wrong section',
    text: 'infra:\n  standby_window: 1h\n',
    says: 'config.yaml:2:3  infra.standby_window: no such key; did you mean deploy.standby_window?',
  },
  {
    about: 'a key of the playbook that has another name',
    text: 'backup:\n  data_path: /home/anny/.anny/memory.json\n',
    says: 'config.yaml:2:3  backup.data_path: no such key; here it is app.state_path',
  },
  {
    about: 'a key that resembles nothing',
    text: 'monitor:\n  colour: blue\n',
    says: 'config.yaml:2:3  monitor.colour: no such key; allowed here: interval, timeout',
  },
  {
    about: 'a misspelt section',
    text: 'depoly:\n  ttl: 300s\n',
    says: 'config.yaml:1:1  depoly: no such key; did you mean deploy?',
  },
  {
    about: 'a duration without a unit',
    text: 'deploy:\n  ttl: 300\n',
    says: 'config.yaml:2:8  deploy.ttl: found 300, allowed: a number and a unit: 500ms, 20s, 5m, 24h or 30d',
  },
  {
    about: 'a number out of range',
    text: 'app:\n  port: 80000\n',
    says: 'config.yaml:2:9  app.port: found 80000, allowed: a whole number from 1 to 65535',
  },
  {
    about: 'a fraction where none makes sense',
    text: 'backup:\n  retention_days: 1.5\n',
    says: 'config.yaml:2:19  backup.retention_days: found 1.5, allowed: a whole number, at least 1',
  },
  {
    about: 'a word that is not one of the choices',
    text: 'image: { docker: podman }\n',
    says: 'config.yaml:1:18  image.docker: found "podman", allowed: official or distribution',
  },
  {
    about: 'yes for true',
    text: 'image:\n  upgrade: yes\n',
    says: 'config.yaml:2:12  image.upgrade: found "yes", allowed: true or false',
  },
  {
    about: 'a number where a text belongs',
    text: 'infra:\n  ssh_key_name: 2024\n',
    says: 'config.yaml:2:17  infra.ssh_key_name: found 2024, allowed: a text, in quotes',
  },
  {
    about: 'a key without a value',
    text: 'infra:\n  vultr_plan:\n  vultr_region: ewr\n',
    says: 'config.yaml:2:14  infra.vultr_plan: found nothing, allowed: a text',
  },
  {
    about: 'a text where a section belongs',
    text: 'deploy:\n  health: /health\n',
    says: 'config.yaml:2:11  deploy.health: found "/health", allowed: a section with the keys interval, timeout, successes, wait, failure_limit, inconclusive_limit',
  },
  {
    about: 'a wrong item of a list',
    text: 'app:\n  secrets:\n    - 1-key\n',
    says: "config.yaml:3:7  app.secrets.0: found a text of 5 characters, allowed: a variable's name: letters, digits and underscores",
  },
  {
    about: 'a key of an earlier version, with what takes its place',
    text: 'backup:\n  recipients: [age1x]\n',
    says: 'config.yaml:2:3  backup.recipients: no such key; age archives have become a restic repository: remove this key, set backup.repository, and ANNY_BACKUP_PASSWORD in .env',
  },
  {
    about: 'a repository that is none',
    text: 'backup:\n  repository: s3:bucket\n',
    says: 'config.yaml:2:15  backup.repository: found "s3:bucket", allowed: a restic repository, without a password in it: s3:https://HOST/BUCKET/PATH, rest:https://USER@HOST/PATH, sftp:USER@HOST:/PATH, or a path on the machine',
  },
  {
    about: 'a URL that is none',
    text: 'infra:\n  api_url: localhost\n',
    says: 'config.yaml:2:12  infra.api_url: found "localhost", allowed: a URL: https://…',
  },
  {
    about: 'a name for a variable that cannot be one',
    text: 'app:\n  environment:\n    log level: info\n',
    says: "config.yaml:3:5  app.environment.log level: allowed as a name: a variable's name: letters, digits and underscores",
  },
  {
    about: 'an environment that is not chosen',
    text: 'environments:\n  local:\n    deploy: { watch: soon }\n',
    says: 'config.yaml:3:22  environments.local.deploy.watch: found "soon", allowed: a number and a unit: 500ms, 20s, 5m, 24h or 30d',
  },
  {
    about: 'an environment with a section that is none',
    text: 'environments:\n  local:\n    cloud: {}\n',
    says: `config.yaml:3:5  environments.local.cloud: no such key; allowed here: ${SECTIONS}`,
  },
  {
    about: 'a list of environments',
    text: 'environments: [local]\n',
    says: 'config.yaml:1:15  environments: allowed: a section for each environment',
  },
  {
    about: 'a key given twice',
    text: 'deploy:\n  ttl: 60s\n  watch: 3s\n  ttl: 90s\n',
    says: 'config.yaml:4:3  deploy.ttl: given twice, the first time on line 2',
  },
  {
    about: 'a tab',
    text: 'deploy:\n\tttl: 60s\n',
    says: 'config.yaml:2:1: found a tab at the start of the line, allowed: spaces only',
  },
  {
    about: 'a quote that is not closed',
    text: 'infra:\n  subdomain: "anny\n',
    says: 'config.yaml:3:1: not YAML: Missing closing "quote',
  },
  {
    about: 'two colons on a line',
    text: 'infra:\n  subdomain: anny: x\n',
    says: 'config.yaml:2:14: found a second ": " on the line, allowed: one, or the text in quotes',
  },
  {
    about: 'an alias without its anchor',
    text: 'infra: *base\n',
    says: 'config.yaml: Unresolved alias (the anchor must be set before the alias): base',
  },
  {
    about: 'two documents',
    text: 'infra: {}\n---\napp: {}\n',
    says: 'config.yaml:2:1: found a second document (---), allowed: one',
  },
  {
    about: 'a list',
    text: '- infra\n',
    says: `config.yaml:1:1: found a list, allowed: sections: ${SECTIONS}, environments`,
  },
  {
    about: 'an empty file',
    text: '\n',
    says: `config.yaml: the file is empty; allowed: sections: ${SECTIONS}, environments; without the file the defaults hold`,
  },
];

describe('a wrong config.yaml names line, key, what was found and what is allowed', () => {
  test.each(INVALID)('$about', async ({ text, says }) => {
    const { code, lines } = await complaints(text);
    expect(lines).toEqual(['1 problem', says]);
    expect(code).toBe('CONFIG_INVALID');
  });

  test('all problems are said at once, in the order of the lines', async () => {
    const { lines } = await complaints('tls:\n  email: 3\nmonitor:\n  interval: 5\n  timeot: 1s\n');
    expect(lines).toEqual([
      '3 problems',
      'config.yaml:2:10  tls.email: found 3, allowed: a text, in quotes',
      'config.yaml:4:13  monitor.interval: found 5, allowed: a number and a unit: 500ms, 20s, 5m, 24h or 30d',
      'config.yaml:5:3  monitor.timeot: no such key; did you mean monitor.timeout?',
    ]);
  });

  test('what hides behind a variable is wrong all the same', async () => {
    const { lines } = await complaints('deploy: { ttl: 5 }\n', { ANNY_DEPLOY_TTL: '60s' });
    expect(lines[1]).toContain('config.yaml:1:16  deploy.ttl');
  });
});

describe('a wrong variable names itself instead of a line', () => {
  const cases: readonly (readonly [string, Record<string, string>, string, string])[] = [
    [
      'a number out of range in the environment',
      { ANNY_APP_PORT: '0' },
      '',
      'ANNY_APP_PORT in the environment  app.port: found 0, allowed: a whole number from 1 to 65535',
    ],
    [
      'a word for a number in .env',
      {},
      '# port\n\nANNY_APP_PORT=http\n',
      '.env:3  ANNY_APP_PORT  app.port: found "http", allowed: a whole number from 1 to 65535',
    ],
    [
      'a wrong item of a list',
      { ANNY_APP_SECRETS: 'A,b-c' },
      '',
      "ANNY_APP_SECRETS in the environment  app.secrets.1: found a text of 3 characters, allowed: a variable's name: letters, digits and underscores",
    ],
    [
      'a variable of an earlier version',
      { ANNY_BACKUP_STORE: 'x' },
      '',
      'ANNY_BACKUP_STORE in the environment: backups are kept in a restic repository now: remove this variable, and set backup.repository',
    ],
    [
      'a misspelt variable',
      {},
      'ANNY_INFRA_SUBDOMIAN=staging\n',
      '.env:1  ANNY_INFRA_SUBDOMIAN: names no key; did you mean ANNY_INFRA_SUBDOMAIN?',
    ],
    [
      'an unknown environment',
      { ANNY_ENV: 'locla' },
      '',
      'ANNY_ENV in the environment: found "locla", allowed: production, local; did you mean local?',
    ],
  ];
  test.each(cases)('%s', async (_about, env, dotenv, says) => {
    const { lines } = await complaints('environments: { local: {} }\n', env, dotenv);
    expect(lines).toEqual(['1 problem', says]);
  });
});

const VULTR_SHAPED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const SECRETS: readonly Case[] = [
  {
    about: 'the API key of the account, by its name',
    text: `infra:\n  vultr_api_key: abcdef\n`,
    says: 'config.yaml:2:3  infra.vultr_api_key: a secret does not belong here: move it to .env as VULTR_API_KEY=…',
  },
  {
    about: 'a webhook, by its name',
    text: `monitor:\n  webhook_url: https://chat.example/x\n`,
    says: 'config.yaml:2:3  monitor.webhook_url: a secret does not belong here: move it to .env as ALERT_WEBHOOK_URL=…',
  },
  {
    about: "an app's secret among its plain settings",
    text: `app:\n  environment:\n    SENTRY_DSN: abcdef\n`,
    says: 'config.yaml:3:5  app.environment.SENTRY_DSN: a secret does not belong here: move it to .env as SENTRY_DSN=…, and add SENTRY_DSN to app.secrets',
  },
  {
    about: 'a secret in an environment',
    text: `environments:\n  local:\n    infra: { token: abcdef }\n`,
    says: 'config.yaml:3:14  environments.local.infra.token: a secret does not belong here: move it to .env as VULTR_API_KEY=…',
  },
  {
    about: 'an age identity, by its shape, where something else belongs',
    text: `backup:\n  schedule: AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQ\n`,
    says: 'config.yaml:2:13  backup.schedule: an age identity does not belong here: move it to .env as SCHEDULE=…',
  },
  {
    about: 'a key of Vultr in a comment',
    text: `infra: {}\n# old: ${VULTR_SHAPED}\n`,
    says: 'config.yaml:2:8: a Vultr API key does not belong here: move it to .env as VULTR_API_KEY=…',
  },
  {
    about: 'a private key instead of its path',
    text: `infra:\n  ssh_private_key: |\n    -----BEGIN OPENSSH PRIVATE KEY-----\n    abcdef\n`,
    says: 'config.yaml:3:5  infra.ssh_private_key: a private key does not belong here: keep it in a file of its own, and give its path',
  },
  {
    about: 'a URL with a password',
    text: `app:\n  environment:\n    STORE: redis://anny:abcdef@10.0.0.1\n`,
    says: 'config.yaml:3:17  app.environment.STORE: a URL with a password does not belong here: move it to .env as STORE=…',
  },
  {
    about: 'a key of Vultr in a file that is not even YAML',
    text: `infra:\n\tkey: ${VULTR_SHAPED}\n`,
    says: 'config.yaml:2:7: a Vultr API key does not belong here: move it to .env as VULTR_API_KEY=…',
  },
];

describe('a secret in config.yaml is refused by name, and never repeated', () => {
  test.each(SECRETS)('$about', async ({ text, says }) => {
    const { code, lines, next } = await complaints(text);
    expect(lines).toEqual(['1 problem', says]);
    expect(code).toBe('CONFIG_SECRET');
    expect(next).toContain('.env');
    expect(lines.join()).not.toMatch(/abcdef|QQQQ|ABCDEFGH/);
  });

  test('the value of a secret that is set, under whatever name', async () => {
    const { code, lines } = await complaints('tls:\n  email: hunter2-hunter2\n', {}, 'ANNY_API_KEY=hunter2-hunter2\n');
    expect(code).toBe('CONFIG_SECRET');
    expect(lines[1]).toBe(
      'config.yaml:2:10  tls.email: the value of ANNY_API_KEY does not belong here: move it to .env as ANNY_API_KEY=…',
    );
  });

  test('the value of a secret does not appear among other problems either', async () => {
    const { lines } = await complaints('{}\n', { VULTR_API_KEY: 'hunter2', ANNY_DEPLOY_TTL: 'hunter2' });
    expect(lines[1]).toContain('deploy.ttl: found "***"');
  });
});
