import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { replaceFile } from './disk.ts';
import { MemoryProblem } from './problem.ts';

/**
 * Who may write. The last process to open the memory owns it. An owner claims first and reads the journal then; a writer
 * appends first and checks its claim then. So whoever lost the memory either finds out before it acknowledges, or its
 * write was seen by the next owner.
 */
export interface Owner {
  readonly token: string;
  /** Rejects with "refused" when another process has opened the memory since. */
  check(): Promise<void>;
  release(): Promise<void>;
}

export async function claim(path: string): Promise<Owner> {
  const token = randomUUID();
  await replaceFile(path, [token]);
  const check = async (): Promise<void> => {
    if ((await readFile(path, 'utf8').catch(() => '')) === token) return;
    throw new MemoryProblem('refused', 'Another process has opened this memory; this one writes no more.');
  };
  return {
    token,
    check,
    release: async () => {
      await check();
      await rm(path);
    },
  };
}
