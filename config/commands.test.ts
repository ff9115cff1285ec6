import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { configGet, configShow, configShowText } from './commands.ts';
import { loadSettings } from './load.ts';
import type { LoadedSettings } from './settings.ts';

async function settings(): Promise<LoadedSettings> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-config-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const config = [
    'app: { environment: { LEVEL: info, REGION: ewr } }',
    'infra: { name_servers: [10.0.0.1, 10.0.0.2], subdomain: "" }',
  ];
  await writeFile(join(directory, 'config.yaml'), config.join('\n'));
  return loadSettings({ directory, env: { ANNY_API_KEY: 'key-of-anny', ANNY_TLS_EMAIL: 'x+key-of-anny@example.com' } });
}

describe('config get', () => {
  test('prints plain values, for scripts', async () => {
    const loaded = await settings();
    expect(configGet(loaded, 'infra.vultr_plan')).toBe('vc2-1c-1gb');
    expect(configGet(loaded, 'infra.vultr_os_id')).toBe('2284');
    expect(configGet(loaded, 'infra.subdomain')).toBe('');
    expect(configGet(loaded, 'deploy.ttl')).toBe('300s');
    expect(configGet(loaded, 'infra.name_servers')).toBe('10.0.0.1\n10.0.0.2');
    expect(configGet(loaded, 'app.environment')).toBe('LEVEL=info\nREGION=ewr');
    expect(configGet(loaded, 'app.environment.LEVEL')).toBe('info');
    expect(configGet(loaded, 'app.build_args')).toBe('');
  });

  test('suggests the nearest key', async () => {
    const loaded = await settings();
    expect(() => configGet(loaded, 'infra.vultr_pln')).toThrow(
      expect.objectContaining({ code: 'USAGE', next: 'did you mean infra.vultr_plan?' }),
    );
    expect(() => configGet(loaded, 'vultr_plan')).toThrow(
      expect.objectContaining({ next: 'did you mean infra.vultr_plan?' }),
    );
  });

  test('of a section names its keys', async () => {
    const loaded = await settings();
    expect(() => configGet(loaded, 'monitor')).toThrow(
      expect.objectContaining({ next: 'one of monitor.interval, monitor.timeout' }),
    );
  });

  test('refuses to print a secret', async () => {
    const loaded = await settings();
    for (const name of ['ANNY_API_KEY', 'VULTR_API_KEY', 'ANNY_SERVICE_ACCOUNT_FILE']) {
      expect(() => configGet(loaded, name)).toThrow(`${name} is a secret, and secrets are not printed`);
    }
  });
});

describe('config show', () => {
  test('has every key with its origin, and of secrets only whether and where they are set', async () => {
    const view = configShow(await settings());
    expect(view.environment).toBe('production');
    expect(view.keys).toContainEqual({ key: 'deploy.ttl', value: '300s', origin: 'default' });
    expect(view.keys).toContainEqual({ key: 'app.environment.LEVEL', value: 'info', origin: 'config.yaml:1' });
    expect(view.secrets).toContainEqual({ name: 'ANNY_API_KEY', set: true, origin: 'environment ANNY_API_KEY' });
    expect(view.secrets).toContainEqual({ name: 'VULTR_API_KEY', set: false, origin: '' });
  });

  test('as text has columns', async () => {
    const lines = configShowText(configShow(await settings())).split('\n');
    expect(lines).toContainEqual(expect.stringMatching(/^infra\.vultr_plan {2,}vc2-1c-1gb {2,}default$/));
    expect(lines).toContainEqual(expect.stringMatching(/^infra\.subdomain {2,}"" {2,}config\.yaml:2$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}ANNY_API_KEY {2,}set {2,}environment ANNY_API_KEY$/));
  });

  test('never holds a secret, even where one was put into a key', async () => {
    const view = configShow(await settings());
    expect(view.keys).toContainEqual({
      key: 'tls.email',
      value: 'x+***@example.com',
      origin: 'environment ANNY_TLS_EMAIL',
    });
    expect(JSON.stringify(view) + configShowText(view)).not.toContain('key-of-anny');
  });
});
