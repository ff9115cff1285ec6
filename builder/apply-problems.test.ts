import { describe, expect, test } from 'vitest';
import { AnnyError } from '../operation/errors.ts';
import { explainFailure } from './apply-problems.ts';
import { readChain } from './definition.ts';
import { projectWith } from './trial/project.ts';

const TEXT = `name: base
os: true
packages: [curl, ngnix, telnetdd]
run:
  - sshd -t
  - |
    nginx -t
    nginx -s reload
`;

async function explain(found: string) {
  const [definition] = await readChain(await projectWith({ 'images/base.yaml': TEXT }), 'base');
  if (definition === undefined) throw new Error('there is none');
  const error = new AnnyError('COMMAND_FAILED', { doing: 'running "…" on 192.0.2.7', found, next: 'look' });
  return { error, explained: explainFailure(definition, 'packages', error) };
}

describe('a command that fails while an image is made', () => {
  test('names the file and the line of a package that does not exist', async () => {
    const { explained } = await explain('exit 100: E: Unable to locate package ngnix');
    expect(explained).toMatchObject({
      code: 'DEFINITION_INVALID',
      found: `images/base.yaml:3:18  packages.1: the system's sources have no package "ngnix"`,
    });
  });

  test('names all packages that do not exist at once', async () => {
    const { explained } = await explain(
      'exit 100: E: Unable to locate package ngnix\n  E: Unable to locate package telnetdd',
    );
    expect(explained).toMatchObject({
      found: [
        '2 are missing:',
        `  images/base.yaml:3:18  packages.1: the system's sources have no package "ngnix"`,
        `  images/base.yaml:3:25  packages.2: the system's sources have no package "telnetdd"`,
      ].join('\n'),
    });
  });

  test.each([
    'exit 2: cat: write error: No space left on device',
    "exit 100: E: You don't have enough free space in /var/cache/apt/archives/.",
    'exit 2: tar: srv/big: Wrote only 5632 of 10240 bytes\n  tar: Exiting with failure status due to previous errors',
  ])('says that the disk is full, and what to choose: %s', async (found) => {
    const { explained } = await explain(found);
    expect(explained).toMatchObject({ code: 'NO_SPACE', next: expect.stringContaining('infra.vultr_plan') });
    expect(explained).toMatchObject({ found: `the builder's disk is full: ${found}` });
  });

  test('says so in the words of Docker too, and in which line of the file', async () => {
    const { explained } = await explain('exit 1: + sshd -t\n  write /var/lib/docker/tmp/x: no space left on device');
    expect(explained).toMatchObject({ code: 'NO_SPACE', doing: 'baking base, images/base.yaml:5:5  run.0' });
  });

  test('names the file and the line of what was run last, of several lines too', async () => {
    const { explained } = await explain('exit 1: + sshd -t\n  + nginx -t\n  nginx: [emerg] unknown directive');
    expect(explained).toMatchObject({
      code: 'COMMAND_FAILED',
      doing: 'running images/base.yaml:6:5  run.1',
      found: 'exit 1: + nginx -t\n  nginx: [emerg] unknown directive',
    });
  });

  test('names the line of the step that failed, where both have one', async () => {
    const text = 'name: base\nos: true\napp: true\nrun: [nginx -t]\napp_run:\n  - nginx -t\n';
    const [definition] = await readChain(await projectWith({ 'images/base.yaml': text }), 'base');
    if (definition === undefined) throw new Error('there is none');
    const error = new AnnyError('COMMAND_FAILED', {
      doing: 'running',
      found: 'exit 1: + nginx -t\n  bad',
      next: 'look',
    });
    const doing = (step: string) => (explainFailure(definition, step, error) as AnnyError).doing;
    expect([doing('services'), doing('app run')]).toEqual([
      'running images/base.yaml:4:7  run.0',
      'running images/base.yaml:6:5  app_run.0',
    ]);
  });

  test('is told as it is where nothing more is known of it', async () => {
    const { error, explained } = await explain('exit 1: something else');
    expect(explained).toBe(error);
  });
});
