import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A planted defect: one piece of text in one file replaced by another. */
export interface Mutant {
  readonly name: string;
  /** What can happen with it that must never happen. */
  readonly breaks: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** The file's text with the defect in it. */
export async function planted(root: string, { name, file, find, replace }: Mutant): Promise<string> {
  const parts = (await readFile(join(root, file), 'utf8')).split(find);
  if (parts.length !== 2) throw new Error(`mutant "${name}": its text stands ${parts.length - 1} times in ${file}`);
  return parts.join(replace);
}

/** Plants it in the sources under `root`; what is returned takes it out again. */
export async function plant(root: string, mutant: Mutant): Promise<() => Promise<void>> {
  const path = join(root, mutant.file);
  const before = await readFile(path, 'utf8');
  await writeFile(path, await planted(root, mutant));
  return () => writeFile(path, before);
}
