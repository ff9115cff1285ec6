import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** Where this package's own images and templates lie: beside its package.json. */
function packageRoot(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
}

/** A file of the project, or the one that this package brings: a project need not have images of its own. */
export function projectFile(directory: string, path: string): string {
  const own = join(directory, path);
  return existsSync(own) ? own : packagedFile(path);
}

export function packagedFile(path: string): string {
  return join(packageRoot(), path);
}

/** What lies in a directory of the project, or in this package's one: each name once. */
export async function projectNames(directory: string, path: string): Promise<readonly string[]> {
  const both = [join(directory, path), packagedFile(path)];
  const names = await Promise.all(both.map((one) => readdir(one).catch((): string[] => [])));
  return [...new Set(names.flat())].sort();
}

/** Of this package, as its package.json says. */
export async function toolVersion(): Promise<string> {
  const text = await readFile(join(packageRoot(), 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
