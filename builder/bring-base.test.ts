import { describe, expect, test } from 'vitest';
import type { Shell } from '../machine/shell.ts';
import { AnnyError } from '../operation/errors.ts';
import { loadBeside } from './bring-base.ts';

const FAILED = new AnnyError('COMMAND_FAILED', { doing: 'loading', found: 'exit 1: Docker is gone', next: '' });

interface Scene {
  /** Docker listens before the packages have all come. */
  readonly early: boolean;
  /** How often loading fails. */
  readonly failures?: number;
}

/** What became of it, and what was done, in order. */
async function loadWith({ early, failures = 0 }: Scene): Promise<readonly string[]> {
  const story: string[] = [];
  const packages = Promise.withResolvers<void>();
  const installed = packages.promise.then(() => void story.push('packages'));
  let loads = 0;
  const run: Shell['run'] = async (script) => {
    if (script !== 'load') return early ? '' : new Promise(() => undefined);
    story.push('load');
    loads += 1;
    setImmediate(packages.resolve);
    if (loads <= failures) throw FAILED;
    return '';
  };
  if (!early) packages.resolve();
  await loadBeside({ run } as Shell, 'load', installed).catch((error: AnnyError) => void story.push(error.code));
  return story;
}

describe('what the app stands on is given to Docker', () => {
  test.each<[string, Scene, readonly string[]]>([
    ['as soon as Docker listens', { early: true }, ['load']],
    ['once all packages are there', { early: false }, ['packages', 'load']],
    ['again where a later package started Docker anew', { early: true, failures: 1 }, ['load', 'packages', 'load']],
    ['and a second failure is told', { early: true, failures: 2 }, ['load', 'packages', 'load', 'COMMAND_FAILED']],
    ['and a failure after the packages at once', { early: false, failures: 1 }, ['packages', 'load', 'COMMAND_FAILED']],
  ])('%s', async (_what, scene, story) => {
    expect(await loadWith(scene)).toEqual(story);
  });

  test('or not at all where there is nothing', async () => {
    await expect(loadBeside({} as Shell, '', Promise.resolve())).resolves.toBeUndefined();
  });
});
