import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_REPOSITORY_PASSWORD, placeFiles } from '../../cloud/local/place.ts';
import { repositoryAt } from '../../cloud/local/repository-host.ts';
import { ground, secrets } from './pair.ts';

/** Secrets with which a machine has a backup repository, on the local cloud's host. */
export function secretsWithRepository(name = 'trial'): Record<string, string> {
  const address = repositoryAt(ground.place, name).replace('@', `:${LOCAL_REPOSITORY_PASSWORD}@`);
  return { ...secrets(), 'backup/repository': address, 'backup/password': 'of the trial' };
}

/** restic on a machine that has a repository, as anny-box runs it there. */
export const RESTIC =
  'restic -q --no-cache --repository-file /opt/anny/backup/repository --password-file /opt/anny/backup/password';

/** Every file of the repository that holds data, as its host has it. */
export async function packs(name: string): Promise<readonly string[]> {
  const directory = join(placeFiles(ground.place).repositories, name, 'data');
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

/** One bit in the middle of each is turned; done again, all is as it was. */
export async function turnBits(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(path, bytes);
  }
}
