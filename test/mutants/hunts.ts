import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Mutant, plant } from './mutant.ts';

export interface Hunted {
  readonly mutant: Mutant;
  /** What found it; undefined when nothing did. */
  readonly by: string | undefined;
}

const ROOT = join(import.meta.dirname, '..', '..');
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.anny', '.ci']);
const LIMIT_MS = 300_000;
/** An exit code of its own: Node's for an error is 1. */
export const FOUND = 10;

/** Plants one mutant after another in copies of the sources, on every core, and hunts each. */
export async function hunts(mutants: readonly Mutant[], seeds: number, tell: (hunted: Hunted) => void): Promise<void> {
  const waiting = [...mutants];
  const work = (): Promise<void> =>
    inCopy(async (root) => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        const takeOut = await plant(root, mutant);
        tell({ mutant, by: await hunt(root, seeds) });
        await takeOut();
      }
    });
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** What is found in the sources as they are: nothing, or no mutant proves anything. */
export function control(seeds: number): Promise<string | undefined> {
  return inCopy((root) => hunt(root, seeds));
}

async function inCopy<T>(use: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'anny-mutants-'));
  try {
    await cp(ROOT, root, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    return await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function hunt(root: string, seeds: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [join(root, 'test', 'mutants', 'hunt.ts'), String(seeds)],
      { cwd: root, timeout: LIMIT_MS },
      (error, stdout, stderr) => {
        // One that ends otherwise, or never, proves nothing.
        if (error === null || error.killed) resolve(undefined);
        else if (error.code === FOUND) resolve(stdout.trim());
        else reject(new Error(`the hunt itself failed: ${stderr}`));
      },
    );
  });
}
