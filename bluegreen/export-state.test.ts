import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { entryId } from '../app/memory/entry.ts';
import { openMemory } from '../app/memory/open.ts';
import { configSchema } from '../config/schema.ts';
import type { Settings } from '../config/settings.ts';
import type { Backup, Backups } from './backups.ts';
import { exportState } from './export-state.ts';

const BACKUP: Backup = {
  ...{ name: '20260220-020000-1a2b3c4d', id: '1a2b3c4d', at: 1_771_552_800, bytes: 1 },
  ...{ release: 'blue-1', generation: 1, sequence: 1 },
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anny-export-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function settingsWith(program: string): Settings {
  return {
    environment: 'test',
    config: configSchema.parse({ app: { export: program } }),
    directory: join(import.meta.dirname, '..'),
    publicName: 'app.example.com',
    secret: () => undefined,
    secretValues: () => new Map(),
  };
}

/** A repository whose one backup holds these files. */
function holding(files: Readonly<Record<string, string | Buffer>>): Backups {
  return {
    ...{ configured: true, offMachine: true },
    list: async () => ({ backups: [BACKUP], proof: undefined }),
    verify: async () => undefined,
    prove: async () => undefined,
    write: async (_backup, to) => {
      const tar = pack();
      tar.entry({ name: 'state', type: 'directory' });
      for (const [name, content] of Object.entries(files)) tar.entry({ name: `state/${name}` }, content);
      tar.finalize();
      await pipeline(tar, to);
    },
  };
}

const exported = (files: Readonly<Record<string, string | Buffer>>, program = '', tar = false) =>
  exportState(holding(files), settingsWith(program), { backup: BACKUP, directory: join(directory, 'out'), tar });
const inOut = () => readdir(join(directory, 'out'));

describe('an export', () => {
  test('is the state’s own file where it is one, for its owner alone', async () => {
    const path = await exported({ 'memory.json': '{}' });
    expect(path).toBe(join(directory, 'out', 'memory-20260220-020000.json'));
    expect(await readFile(path, 'utf8')).toBe('{}');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await inOut()).toEqual(['memory-20260220-020000.json']);
  });

  test('overwrites nothing', async () => {
    const path = await exported({ 'memory.json': 'first' });
    await expect(exported({ 'memory.json': 'second' })).rejects.toMatchObject({ code: 'REFUSED' });
    expect(await readFile(path, 'utf8')).toBe('first');
    expect(await inOut()).toHaveLength(1);
  });

  test('is a tar of a state with more files, and of any where that is asked for', async () => {
    expect(await exported({ 'a/one': '1', two: '2' })).toMatch(/\/state-20260220-020000\.tar$/);
    await rm(join(directory, 'out'), { recursive: true });
    expect(await exported({ 'memory.json': '{}' }, 'app/export.ts', true)).toMatch(/\.tar$/);
    expect((await stat(join(directory, 'out', 'state-20260220-020000.tar'))).mode & 0o777).toBe(0o600);
  });

  test('of Anny is memory.json with all that was acknowledged, also what stands in journals alone', async () => {
    const running = join(directory, 'running');
    const open = (where: string) => openMemory({ directory: where, now: () => new Date(), warn: () => undefined });
    const memory = await open(running);
    const ids = ['one', 'two', 'three'].map((id) => entryId.parse(id));
    for (const id of ids) await memory.put({ id, content: `of ${id}`, tags: [] });
    const names = await readdir(running);
    expect(names.length).toBeGreaterThan(1);
    const files = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(running, name))])),
    );
    const journal = names.find((name) => name.startsWith('memory.journal.')) ?? expect.fail('no journal');
    // As after a power cut in the middle of a write.
    files[journal] = Buffer.concat([files[journal], Buffer.from('0badcafe 4 [{"pu')]);
    await memory.close();
    const path = await exported(files, 'app/export.ts');
    expect(path).toMatch(/\/memory-20260220-020000\.json$/);
    await mkdir(join(directory, 'again'));
    await writeFile(join(directory, 'again', 'memory.json'), await readFile(path));
    const again = await open(join(directory, 'again'));
    expect(ids.map((id) => again.get(id)?.content)).toEqual(['of one', 'of two', 'of three']);
    await again.close();
  });

  test('fails in the program’s own words, and leaves nothing', async () => {
    await expect(exported({ 'memory.json': '{"torn' }, 'app/export.ts')).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      found: expect.stringMatching(/memory\.json is not whole JSON.*\(exit 1\)/s),
      next: expect.stringContaining('--tar'),
    });
    expect(await inOut()).toEqual([]);
  });

  test('says when a program leaves more than one file, or cannot be run', async () => {
    const program = join(directory, 'program');
    await writeFile(program, '#!/bin/sh\necho more > more\n');
    await expect(exported({ one: '1' }, program)).rejects.toMatchObject({ found: expect.stringContaining('EACCES') });
    await chmod(program, 0o755);
    await expect(exported({ one: '1' }, program)).rejects.toMatchObject({ found: 'it left 2 files: more, one' });
  });
});
