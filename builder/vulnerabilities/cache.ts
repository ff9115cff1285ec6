import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';

/** What trackers said, kept beside the journal: .anny/vulnerabilities/NAME.json. */
export interface Cache<T> {
  /** undefined where nothing is kept, or what is kept is of another version. */
  read(): Promise<T | undefined>;
  write(value: T): Promise<void>;
}

export function cacheIn<T>(directory: string, name: string, schema: z.ZodType<T>): Cache<T> {
  const path = join(directory, '.anny', 'vulnerabilities', `${name}.json`);
  return {
    read: async () => {
      try {
        return schema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
      } catch {
        return undefined;
      }
    },
    // A full disk here costs a download more, and nothing else.
    write: async (value) => {
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeFile(`${path}.${process.pid}`, JSON.stringify(value));
        await rename(`${path}.${process.pid}`, path);
      } catch {}
    },
  };
}
