import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hunts } from './hunts.ts';
import { planted } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SAMPLE = ['checksums are not compared', 'the sweep forgets snapshots'];

test.each(MUTANTS.map((mutant) => ({ ...mutant })))('$name: it can still be planted', async (mutant) => {
  await expect(planted(ROOT, mutant)).resolves.toContain(mutant.replace);
});

test('each has a name of its own, and there are enough', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  expect(MUTANTS.length).toBeGreaterThanOrEqual(25);
});

test('a sample is caught; make bench ONLY=mutants hunts all', { timeout: 120_000 }, async () => {
  const sample = MUTANTS.filter(({ name }) => SAMPLE.includes(name));
  const missed: string[] = [];
  await hunts(sample, 0, ({ mutant, by }) => {
    if (by === undefined) missed.push(mutant.name);
  });
  expect(missed).toEqual([]);
  expect(sample).toHaveLength(SAMPLE.length);
});
