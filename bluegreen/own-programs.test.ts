import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSettings } from '../config/load.ts';
import { AnnyError } from '../operation/errors.ts';
import { hookPrograms, refuseMissingPrograms } from './own-programs.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anny-programs-'));
  await mkdir(join(directory, 'hooks'));
  await writeFile(join(directory, 'hooks', 'fine'), '#!/bin/sh\n');
  await chmod(join(directory, 'hooks', 'fine'), 0o755);
  await writeFile(join(directory, 'hooks', 'plain'), '#!/bin/sh\n');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function settingsWith(deploy: string) {
  const file = join(directory, 'config.yaml');
  await writeFile(file, `deploy:\n${deploy}`);
  return loadSettings({ file, env: {} });
}

async function refusal(deploy: string): Promise<string> {
  const error = await settingsWith(deploy)
    .then(refuseMissingPrograms)
    .catch((caught: unknown) => caught);
  if (!(error instanceof AnnyError)) return 'accepted';
  return `${error.code} ${error.exitCode} ${error.doing}: ${error.found}`;
}

describe('the operator’s own programs', () => {
  test('are found beside config.yaml', async () => {
    expect(await refusal('  hooks:\n    pre-promote: hooks/fine\n  smoke: hooks/fine\n')).toBe('accepted');
    const programs = hookPrograms(await settingsWith('  hooks:\n    pre-promote: hooks/fine\n'));
    expect([...programs]).toEqual([['pre-promote', { path: join(directory, 'hooks', 'fine'), named: 'hooks/fine' }]]);
  });

  test.each([
    ['hooks:\n    post-switch: hooks/none', 'deploy.hooks.post-switch: there is no file hooks/none'],
    ['hooks:\n    pre-retire: hooks/plain', 'deploy.hooks.pre-retire: hooks/plain may not be executed (chmod +x)'],
    ['hooks:\n    on-failure: hooks', 'deploy.hooks.on-failure: hooks is no file'],
    ['smoke: hooks/none', 'deploy.smoke: there is no file hooks/none'],
  ])('are missed before anything is touched: %s', async (deploy, says) => {
    expect(await refusal(`  ${deploy}\n`)).toBe(`CONFIG_INVALID 2 reading ${says}`);
  });

  test('for an event that there is not are refused, with the one that was meant', async () => {
    expect(await refusal('  hooks:\n    pre-promot: hooks/fine\n')).toMatch(
      /did you mean deploy\.hooks\.pre-promote\?/,
    );
    expect(await refusal('  hooks:\n    lunch: hooks/fine\n')).toMatch(
      /allowed here: pre-promote, pre-handover, post-/,
    );
  });

  test('none at all: an empty list of hooks is no mistake', async () => {
    expect(await refusal('  hooks:\n')).toBe('accepted');
  });
});
