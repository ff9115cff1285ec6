import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** A path from config.yaml or .env on this computer: "~" is the home directory, relative ones start at `directory`. */
export function localPath(directory: string, path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(directory, path);
}
