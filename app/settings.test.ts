import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';
import { newDirectory } from './test/directory.ts';
import { runToEnd } from './test/process.ts';

const KEY = { ANNY_API_KEY: 'a-key' };

async function configOf(text: string): Promise<string> {
  const path = join(await newDirectory(), 'config.yaml');
  await writeFile(path, text);
  return path;
}

describe('settings', () => {
  it('come from the environment before config.yaml before the defaults', async () => {
    const file = await configOf('greeting: From the file\nlog_level: warn\n');
    const settings = readSettings({ ...KEY, ANNY_CONFIG_PATH: file, ANNY_LOG_LEVEL: 'error', ANNY_RATE_LIMIT: '7' });
    expect(settings).toMatchObject({ greeting: 'From the file', logLevel: 'error', rateLimit: 7, port: 8000 });
    expect(readSettings({ ...KEY, ANNY_CONFIG_PATH: '/no/such/file' })).toMatchObject({
      rateLimit: 60,
      stateDirectory: '/home/anny/.anny',
    });
  });

  it('that are empty count as not given', async () => {
    const file = await configOf('rate_limit: 30\n');
    const settings = readSettings({
      ...KEY,
      ANNY_CONFIG_PATH: file,
      ANNY_PORT: '',
      ANNY_RATE_LIMIT: '',
      ANNY_HOST: '',
    });
    expect(settings).toMatchObject({ port: 8000, rateLimit: 30, host: '0.0.0.0' });
  });

  it('are the ones of the config.yaml that is delivered', () => {
    expect(readSettings(KEY)).toMatchObject({ rateLimit: 60, logLevel: 'info', greeting: 'Hello, I am Anny.' });
  });

  it('take several keys while one is being replaced', () => {
    expect(readSettings({ ANNY_API_KEY: 'old , new' }).apiKeys).toEqual(['old', 'new']);
  });

  it.each([
    // None of these may come to mean "no limit".
    ['rate_limit:\n', /rate_limit/],
    ['rate_limit: ""\n', /rate_limit/],
    ['rate_limit: false\n', /rate_limit/],
    ['rate_limit: -1\n', /rate_limit/],
    ['rate_limit: 1.5\n', /rate_limit/],
    ['log_level: loud\n', /log_level/],
    ['ratelimit: 5\n', /ratelimit/],
    ['- a list\n', /must hold settings/],
    ['greeting: "torn\n', /is not YAML/],
  ])('refuse %j', async (text, reason) => {
    const file = await configOf(text);
    expect(() => readSettings({ ...KEY, ANNY_CONFIG_PATH: file })).toThrow(reason);
  });

  it.each([
    [{}, /ANNY_API_KEY: is not set/],
    [{ ANNY_API_KEY: '' }, /ANNY_API_KEY: is not set/],
    [{ ANNY_API_KEY: 'a,,b' }, /ANNY_API_KEY: has an empty key/],
    [{ ANNY_API_KEY: 'schlüssel' }, /ANNY_API_KEY: .*ASCII/],
    [{ ANNY_API_KEY: 'two words' }, /ANNY_API_KEY: .*ASCII/],
    [{ ...KEY, ANNY_PORT: 'eighty' }, /ANNY_PORT/],
    [{ ...KEY, ANNY_PORT: '70000' }, /ANNY_PORT/],
    [{ ...KEY, ANNY_RATE_LIMIT: 'many' }, /rate_limit/],
  ])('refuse %j', (environment, reason) => {
    expect(() => readSettings(environment)).toThrow(reason);
    expect(() => readSettings(environment)).not.toThrow(/schlüssel|two words/);
  });

  it('that are wrong end the start with 1 and a sentence, without a stack', { timeout: 30_000 }, async () => {
    const { code, output } = await runToEnd(await newDirectory(), { ANNY_API_KEY: '' });
    expect(code).toBe(1);
    expect(output).toBe(
      'Anny does not start. The environment variable ANNY_API_KEY: is not set: give the key that clients must send.\n',
    );
  });
});
