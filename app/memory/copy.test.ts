import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allIds } from '../test/client.ts';
import { newDirectory } from '../test/directory.ts';
import { type AnnyProcess, startProcess } from '../test/process.ts';
import { entryId } from './entry.ts';
import type { Memory } from './memory.ts';
import { openMemory } from './open.ts';

const run = promisify(execFile);

/** Writes and deletes as fast as it goes until told to stop; what must be in a copy that begins now. */
function startWriting(memory: Memory) {
  const kept = new Set<string>();
  let over = false;
  const writer = async (client: number): Promise<void> => {
    for (let index = 0; !over; index += 1) {
      const id = entryId.parse(`c${client}-${index}`);
      await memory.put({ id, content: 'x'.repeat(300), tags: [] });
      if (index % 3 === 0) await memory.remove(id);
      else kept.add(id);
    }
  };
  const done = Promise.all(Array.from({ length: 16 }, (_, client) => writer(client)));
  return {
    kept,
    stop: async () => {
      over = true;
      await done;
      await memory.close();
    },
  };
}

async function open(directory: string, limits = {}): Promise<Memory> {
  return openMemory({ directory, now: () => new Date(), warn: () => {}, limits });
}

async function expectWhole(copy: string, wanted: readonly string[]): Promise<void> {
  const memory = await open(copy);
  expect(memory.condition).toEqual({ state: 'ok', reason: '' });
  expect(wanted.filter((id) => memory.get(entryId.parse(id)) === undefined)).toEqual([]);
  await memory.close();
}

describe('a copy of the directory that is made while Anny writes', { timeout: 30_000 }, () => {
  it.each([
    [
      'tar',
      (from: string, to: string) => run('sh', ['-c', `mkdir ${to}; tar -C ${from} -cf - . | tar -C ${to} -xf -`]),
    ],
    [
      'cp, memory.json long before the journals',
      (from: string, to: string) => copySlowly(from, to, 'memory.json first'),
    ],
    ['cp, memory.json long after the journals', (from: string, to: string) => copySlowly(from, to, 'memory.json last')],
  ])('by %s has everything that was acknowledged before', async (_name, copyWith) => {
    const directory = await newDirectory();
    const copies = await newDirectory();
    const writing = startWriting(await open(directory, { foldAfterMs: 80, foldAfterBytes: 1e9 }));
    onTestFinished(writing.stop);
    for (let count = 0; count < 2; count += 1) {
      await sleep(30);
      const wanted = [...writing.kept];
      const copy = join(copies, String(count));
      // tar ends with 1 when a file grew under it; what it copied is what counts.
      await copyWith(directory, copy).catch(() => {});
      await expectWhole(copy, wanted);
      await rm(copy, { recursive: true });
    }
  });

  it('of a process that was stopped at any moment loads too: what a backup does', async () => {
    const directory = await newDirectory();
    const copies = await newDirectory();
    const anny = await startProcess(directory);
    const kept = new Set<string>();
    let over = false;
    const writer = async (client: number): Promise<void> => {
      for (let index = 0; !over; index += 1) {
        const id = `c${client}-${index}`;
        const answer = await anny.ask('/memory', { method: 'POST', body: { id, content: 'y'.repeat(2000) } });
        if (answer.status === 201) kept.add(id);
      }
    };
    const writers = Promise.all(Array.from({ length: 8 }, (_, client) => writer(client)));
    for (let count = 0; count < 5; count += 1) {
      await sleep(20 + Math.random() * 10);
      await whileStopped(anny, async () => cp(directory, join(copies, String(count)), { recursive: true }));
      await expectWhole(join(copies, String(count)), [...kept]);
    }
    over = true;
    await writers;
    expect((await allIds(anny.ask)).length).toBe(kept.size);
  });
});

const FOLDS = 3;

/** Names first, then contents; between memory.json and the journals it is replaced several times. */
async function copySlowly(from: string, to: string, order: 'memory.json first' | 'memory.json last'): Promise<void> {
  const names = await readdir(from);
  await mkdir(to);
  const copy = async (wanted: readonly string[]) => {
    for (const name of wanted) await copyFile(join(from, name), join(to, name)).catch(() => {});
  };
  const parts = [['memory.json'], names.filter((name) => name !== 'memory.json')] as const;
  const [first, second] = order === 'memory.json first' ? parts : parts.toReversed();
  await copy(first ?? []);
  await severalFolds(from);
  await copy(second ?? []);
}

async function severalFolds(directory: string): Promise<void> {
  const generation = async () =>
    Number(/"generation":(\d+)/.exec(await readFile(join(directory, 'memory.json'), 'utf8'))?.[1]);
  const before = await generation();
  while ((await generation()) < before + FOLDS) await sleep(5);
}

async function whileStopped(anny: AnnyProcess, work: () => Promise<void>): Promise<void> {
  process.kill(anny.pid, 'SIGSTOP');
  try {
    await work();
  } finally {
    process.kill(anny.pid, 'SIGCONT');
  }
}
