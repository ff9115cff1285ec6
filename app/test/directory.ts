import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new directory for this test, removed after it. */
export async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-app-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Name and content of every file, to see that nothing was touched. */
export async function contentOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(directory)).sort();
  const read = names.map(
    async (name): Promise<[string, string]> => [name, await readFile(join(directory, name), 'base64')],
  );
  return new Map(await Promise.all(read));
}
