import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { MachineFile } from './render.ts';

/** Files and the directories that lead to them, as one tar to unpack at /. */
export function fileArchive(files: readonly MachineFile[]): Readable {
  const archive = pack();
  const directories = new Set<string>();
  for (const { path } of files) {
    for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) directories.add(parent);
  }
  for (const path of [...directories].sort()) {
    archive.entry({ name: `${path.slice(1)}/`, type: 'directory', mode: 0o755 });
  }
  for (const { path, content, mode } of files) {
    archive.entry({ name: path.slice(1), mode: Number.parseInt(mode, 8) }, content);
  }
  archive.finalize();
  return Readable.from(archive);
}
