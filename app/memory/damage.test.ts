import { appendFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentOf, newDirectory } from '../test/directory.ts';
import { entryId } from './entry.ts';
import type { Memory } from './memory.ts';
import { openMemory } from './open.ts';

const NEVER = { foldAfterMs: 1e9, foldAfterBytes: 1e9 };

function open(directory: string, warnings: string[] = []): Promise<Memory> {
  return openMemory({ directory, now: () => new Date(), warn: (text) => warnings.push(text), limits: NEVER });
}

function write(memory: Memory, ...ids: string[]) {
  return Promise.all(ids.map((id) => memory.put({ id: entryId.parse(id), content: `content of ${id}`, tags: [] })));
}

/** A directory as a killed process leaves it: a, b and c in a frame each, all of them in the journal only. */
async function crashed(): Promise<{ directory: string; journal: string }> {
  const directory = await newDirectory();
  const memory = await open(directory);
  for (const id of ['a', 'b', 'c']) await write(memory, id);
  return { directory, journal: join(directory, 'memory.journal.1') };
}

async function expectRefused(directory: string, reason: RegExp): Promise<void> {
  const before = await contentOf(directory);
  const memory = await open(directory);
  expect(memory.condition.state).toBe('refused');
  expect(memory.condition.reason).toMatch(reason);
  await expect(write(memory, 'new')).rejects.toMatchObject({ kind: 'refused' });
  await memory.close();
  const after = await contentOf(directory);
  for (const name of before.keys()) if (name !== 'memory.owner') expect(after.get(name)).toBe(before.get(name));
}

describe('a crash', () => {
  it('loses nothing that was in the journal', async () => {
    const { directory } = await crashed();
    const memory = await open(directory);
    expect(memory.count).toBe(3);
    await memory.close();
    expect(await readdir(directory)).toEqual(['memory.json']);
  });

  it('in the middle of an append costs that append alone, and its bytes are kept', async () => {
    const { directory, journal } = await crashed();
    await appendFile(journal, '1234abcd 4 [{"put":{"seq":4');
    const warnings: string[] = [];
    const memory = await open(directory, warnings);
    expect(memory.count).toBe(3);
    expect(warnings).toEqual(['put aside 27 bytes of a write that was cut short']);
    expect(await readFile(join(directory, 'memory.tail.1'), 'utf8')).toBe('1234abcd 4 [{"put":{"seq":4');
    await write(memory, 'd');
    const again = await open(directory);
    expect([again.condition.state, again.count]).toEqual(['ok', 4]);
  });

  it.each(['memory.json', 'memory.journal.7', 'memory.owner'])(
    'leaves half of a %s that is not taken for one',
    async (name) => {
      const { directory } = await crashed();
      await writeFile(join(directory, `${name}.0b9.tmp`), '{"format":"anny-mem');
      const memory = await open(directory);
      expect([memory.condition.state, memory.count]).toEqual(['ok', 3]);
      expect((await readdir(directory)).some((one) => one.endsWith('.tmp'))).toBe(false);
    },
  );
});

describe('a memory that is not whole is refused, and kept byte by byte', () => {
  it.each([
    ['torn', async (path: string) => writeFile(path, (await readFile(path)).subarray(0, -4))],
    ['empty', (path: string) => writeFile(path, '')],
    ['of zeros', (path: string) => writeFile(path, Buffer.alloc(4096))],
  ])('memory.json %s', async (_what, harm) => {
    const directory = await newDirectory();
    const memory = await open(directory);
    await write(memory, 'a');
    await memory.close();
    await harm(join(directory, 'memory.json'));
    await expectRefused(directory, /memory\.json is not whole JSON.*left as it is/);
  });

  it.each([
    ['of another program', '{"memories": ["one"]}', /is not a memory of format anny-memory\/1/],
    ['of a later format', '{"format":"anny-memory/2","entries":[]}', /is not a memory of format anny-memory\/1/],
    ['that is a list', '[1, 2]', /is not a memory of format/],
  ])('memory.json %s', async (_what, text, reason) => {
    const directory = await newDirectory();
    await writeFile(join(directory, 'memory.json'), text);
    await expectRefused(directory, reason);
  });

  it('memory.json with an entry twice', async () => {
    const { directory } = await crashed();
    const memory = await open(directory);
    await memory.close();
    const path = join(directory, 'memory.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"id":"b"', '"id":"a"'));
    await expectRefused(directory, /has entry "a" twice or out of order/);
  });

  it('a journal that is damaged in the middle', async () => {
    const { directory, journal } = await crashed();
    const text = await readFile(journal, 'utf8');
    await writeFile(journal, text.replace('content of b', 'content of x'));
    await expectRefused(directory, /frame 2 is broken and later ones are whole/);
  });

  it('a journal without its beginning', async () => {
    const { directory, journal } = await crashed();
    await writeFile(journal, 'something else\n');
    await expectRefused(directory, /its first line is not that of anny-journal\/1/);
  });

  it('a journal of another memory', async () => {
    const [one, other] = [await crashed(), await crashed()];
    await rename(other.journal, one.journal);
    await expectRefused(one.directory, /belongs to another memory/);
  });

  it('journals with one missing between them', async () => {
    const { directory, journal } = await crashed();
    for (const id of ['d', 'e']) await write(await open(directory), id);
    await rm(join(directory, 'memory.journal.2'));
    await expectRefused(directory, /journal 2 is missing/);
    await rm(journal);
    await expectRefused(directory, /journal 1 is missing/);
  });

  it('journals without their memory.json', async () => {
    const { directory } = await crashed();
    await rm(join(directory, 'memory.json'));
    await expectRefused(directory, /memory\.json is missing, and there are journals/);
  });

  it('a journal that has lost its acknowledged end', async () => {
    const { directory, journal } = await crashed();
    await write(await open(directory), 'd');
    const lines = (await readFile(journal, 'utf8')).split('\n');
    await writeFile(journal, `${lines.slice(0, -2).join('\n')}\n`);
    await expectRefused(directory, /has 2 frames instead of 3/);
  });
});
