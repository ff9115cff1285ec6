import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UNFINISHED } from './disk.ts';

/** What lies in the state directory. After a clean stop it is memory.json alone. */
export interface Files {
  readonly directory: string;
  readonly memory: string;
  readonly owner: string;
  journal(generation: number): string;
  /** Where the end of a journal goes that a crash cut short. */
  tail(generation: number): string;
}

const JOURNAL = /^memory\.journal\.([1-9]\d*)$/;
const TAIL = /^memory\.tail\.([1-9]\d*)$/;
const TAILS_KEPT = 10;

export function filesIn(directory: string): Files {
  return {
    directory,
    memory: join(directory, 'memory.json'),
    owner: join(directory, 'memory.owner'),
    journal: (generation) => join(directory, `memory.journal.${generation}`),
    tail: (generation) => join(directory, `memory.tail.${generation}`),
  };
}

/** Generations of the journals there are, ascending. */
export async function journalsIn(files: Files): Promise<number[]> {
  return generationsOf(JOURNAL, await readdir(files.directory));
}

function generationsOf(pattern: RegExp, names: readonly string[]): number[] {
  const generations = names.map((name) => Number(pattern.exec(name)?.[1] ?? 0));
  return generations.filter((generation) => generation > 0).sort((a, b) => a - b);
}

/** Removes what a crash left half made, and all but the newest saved tails. */
export async function tidy(files: Files): Promise<void> {
  const names = await readdir(files.directory);
  const unfinished = names.filter((name) => name.startsWith('memory.') && name.endsWith(UNFINISHED));
  const oldTails = generationsOf(TAIL, names).slice(0, -TAILS_KEPT);
  const paths = [...unfinished.map((name) => join(files.directory, name)), ...oldTails.map(files.tail)];
  for (const path of paths) await rm(path, { force: true });
}
