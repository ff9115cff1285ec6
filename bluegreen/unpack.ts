import { createWriteStream } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';

/** Every name in a tar that is no directory. */
export async function filesOf(tar: Readable): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const entry of tar.pipe(extract())) {
    if (entry.header.type !== 'directory') names.push(entry.header.name);
    entry.resume();
  }
  return names;
}

/** Files, directories and links of a tar, into a directory that only this user reads; owners and modes are this user's. */
export async function unpack(tar: Readable, directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  for await (const entry of tar.pipe(extract())) {
    const { name, type, linkname } = entry.header;
    const path = join(directory, name);
    if (relative(directory, path).startsWith('..')) throw new Error(`the tar has a name that leads out of it: ${name}`);
    await mkdir(type === 'directory' ? path : dirname(path), { recursive: true, mode: 0o700 });
    if (type === 'file' || type === 'contiguous-file') await pipeline(entry, createWriteStream(path, { mode: 0o600 }));
    else if (type === 'symlink' && typeof linkname === 'string') await symlink(linkname, path);
    entry.resume();
  }
}
