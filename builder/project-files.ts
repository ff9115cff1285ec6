import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where this package's own images and templates lie: beside its package.json. */
function packageRoot(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
}

/** A file of the project, or the one that this package brings: a project need not have images of its own. */
export function projectFile(directory: string, path: string): string {
  const own = join(directory, path);
  return existsSync(own) ? own : join(packageRoot(), path);
}
