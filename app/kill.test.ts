import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { allIds } from './test/client.ts';
import { newDirectory } from './test/directory.ts';
import { type AnnyProcess, startProcess } from './test/process.ts';

const WRITERS = 32;

/** Writes from many clients at once until the process is gone; the ids of what was acknowledged. */
function startWriting(anny: AnnyProcess, round: number) {
  const acknowledged: string[] = [];
  const writer = async (client: number): Promise<void> => {
    for (let index = 0; ; index += 1) {
      const id = `r${round}-c${client}-${index}`;
      const content = `${id} ${'x'.repeat(index % 500)}`;
      const answer = await anny.ask('/memory', { method: 'POST', body: { id, content } }).catch(() => undefined);
      if (answer === undefined) return;
      if (answer.status === 201) acknowledged.push(id);
    }
  };
  const done = Promise.all(Array.from({ length: WRITERS }, (_, client) => writer(client)));
  return { acknowledged, done };
}

async function killAndCount(rounds: number): Promise<number> {
  const directory = await newDirectory();
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const anny = await startProcess(directory);
    const writing = startWriting(anny, round);
    while (writing.acknowledged.length < 200) await sleep(5);
    await sleep(Math.random() * 20);
    expect(await anny.end('SIGKILL')).toBe('SIGKILL');
    await writing.done;
    acknowledged.push(...writing.acknowledged);
  }
  const anny = await startProcess(directory);
  const present = new Set(await allIds(anny.ask));
  expect(acknowledged.filter((id) => !present.has(id))).toEqual([]);
  expect(await anny.end('SIGTERM')).toBe(0);
  return acknowledged.length;
}

describe('a process that is killed in the middle of concurrent writes', () => {
  it('has every acknowledged write after its restart, ten times over', { timeout: 60_000 }, async () => {
    const counts = await Promise.all([killAndCount(5), killAndCount(5)]);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(5 * 200);
  });
});
