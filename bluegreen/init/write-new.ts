import { randomBytes } from 'node:crypto';
import { constants, copyFile, cp, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A file that is to be made, and its content. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Written whole or not at all, and never over another: who is killed here leaves nothing half-written under the name.
 * Returns false when the name is taken.
 */
export async function writeNew({ path, text, mode }: NewFile): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`);
  const file = await open(beside, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    return await takeName(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
}

async function takeName(from: string, path: string): Promise<boolean> {
  try {
    await link(from, path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return false;
    // A file system without links.
    if (code !== 'EPERM' && code !== 'ENOTSUP') throw error;
    return copyFile(from, path, constants.COPYFILE_EXCL).then(
      () => true,
      () => false,
    );
  }
}

/** A copy under a name that nothing has yet; without tests and what is installed. */
export async function copyNew(from: string, to: string): Promise<void> {
  const beside = `${to}.${randomBytes(4).toString('hex')}`;
  const isWanted = (path: string): boolean =>
    !/(^|\/)(node_modules|test|\.npmrc)(\/|$)|\.test\.ts$/.test(path.slice(from.length));
  try {
    await cp(from, beside, { recursive: true, filter: isWanted });
    await rename(beside, to);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

export function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
