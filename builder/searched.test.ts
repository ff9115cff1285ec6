import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SnapshotId } from '../cloud/cloud.ts';
import type { Shell, Shells } from '../machine/shell.ts';
import { type BuildWish, build } from './build.ts';
import { rememberSearch, wasSearchedFor } from './searched.ts';
import { type Account, simulatedAccount } from './trial/account.ts';
import { bakeProject } from './trial/bake-project.ts';
import { baker } from './trial/baker.ts';
import { withDirectory } from './trial/programs.ts';
import { addFiles } from './trial/project.ts';
import { CALM } from './trial/temper.ts';

const SNAPSHOT = 'snap-1' as SnapshotId;
const NEEDLES = [{ name: 'ANNY_API_KEY', text: 'k-5f2d7c1e90ab44' }];

describe('what a disk was searched for', () => {
  test('is known again for the same secrets, and for no others', () =>
    withDirectory(async (directory) => {
      await rememberSearch(directory, SNAPSHOT, NEEDLES);
      expect(await wasSearchedFor(directory, SNAPSHOT, NEEDLES)).toBe(true);
      const more = [...NEEDLES, { name: 'SMTP_PASSWORD', text: 'another-secret' }];
      expect(await wasSearchedFor(directory, SNAPSHOT, more)).toBe(false);
      expect(await wasSearchedFor(directory, SNAPSHOT, [])).toBe(false);
      expect(await wasSearchedFor(directory, 'snap-2' as SnapshotId, NEEDLES)).toBe(false);
    }));

  test('is kept as one salted hash, for its owner alone', () =>
    withDirectory(async (directory) => {
      const path = join(directory, '.anny/searched/snap-1');
      await rememberSearch(directory, SNAPSHOT, NEEDLES);
      const first = await readFile(path, 'utf8');
      await rememberSearch(directory, SNAPSHOT, NEEDLES);
      expect(first).toMatch(/^[0-9a-f]{64} [0-9a-f]{64}\n$/);
      expect(await readFile(path, 'utf8')).not.toBe(first);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }));

  test.each(['', 'abc', `${'0'.repeat(64)} `, `${'0'.repeat(64)} ${'0'.repeat(64)}`])(
    'is not known from a damaged file: "%s"',
    (text) =>
      withDirectory(async (directory) => {
        await rememberSearch(directory, SNAPSHOT, NEEDLES);
        await writeFile(join(directory, '.anny/searched/snap-1'), text);
        expect(await wasSearchedFor(directory, SNAPSHOT, NEEDLES)).toBe(false);
      }),
  );
});

/** Bakes, and says of each search of a machine in turn how much was read. */
async function searchesOf(account: Account, directory: string, wish: Partial<BuildWish> = {}) {
  const searches: string[] = [];
  const { context } = await baker(account, directory);
  const open: Shells['open'] = async (target) => {
    const shell = await context.shells.open(target);
    const run: Shell['run'] = (script, options) => {
      if (script.includes('list_needles')) searches.push(script.includes('-newerct') ? 'changes' : 'all');
      return shell.run(script, options);
    };
    return { ...shell, run };
  };
  const all = { name: 'shop', force: false, onError: 'destroy', ...wish } as const;
  await build({ ...context, shells: { open } }, all, async () => false);
  return searches;
}

describe('a bake reads', () => {
  test('all of the stock system, and of what stands on it the changes', async () => {
    const searches = await searchesOf(simulatedAccount(), await bakeProject());
    expect(searches).toEqual(['all', 'changes', 'changes', 'changes']);
  });

  test('all of it again when another secret is configured than the image below was searched for', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    await searchesOf(account, directory, { name: 'base' });
    await addFiles(directory, { '.env': { text: 'VULTR_API_KEY=a-new-key-of-the-account\n', mode: 0o600 } });
    expect(await searchesOf(account, directory)).toEqual(['all', 'changes']);
    expect(await searchesOf(account, directory, { force: true })).toEqual(['all', 'changes']);
  });

  test('all of it where somebody else has baked the image below', async () => {
    const account = simulatedAccount();
    await searchesOf(account, await bakeProject(), { name: 'base' });
    const elsewhere = await bakeProject();
    expect(await searchesOf(account, elsewhere)).toEqual(['all', 'changes']);
    expect(await readdir(join(elsewhere, '.anny/searched'))).toHaveLength(1);
  });

  test('all of it after a bake that found something, of which nothing is remembered', async () => {
    const found = 'secret\t/etc/motd\t1\n';
    for (const searchSays of [
      { bake: found, 'boot-test': '' },
      { bake: '', 'boot-test': found },
    ]) {
      const directory = await bakeProject();
      const failing = searchesOf(simulatedAccount({ ...CALM, searchSays }), directory, { name: 'base' });
      await expect(failing).rejects.toMatchObject({ code: 'SECRET_IN_IMAGE' });
      await expect(readdir(join(directory, '.anny/searched'))).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });
});
