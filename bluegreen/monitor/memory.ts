import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

/** What the webhook was told last, and since when that is so: kept over restarts of the monitor and of this computer. */
const rememberedSchema = z.object({ state: z.enum(['up', 'down']), sinceMs: z.number() });
export type Remembered = z.infer<typeof rememberedSchema>;

export interface Memory {
  /** undefined before anything was told, or when what was written cannot be read. */
  recall(): Promise<Remembered | undefined>;
  keep(remembered: Remembered): Promise<void>;
}

export function fileMemory(path: string): Memory {
  return {
    recall: async () => {
      const text = await readFile(path, 'utf8').catch(() => '');
      return rememberedSchema.safeParse(asJson(text)).data;
    },
    keep: async (remembered) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(`${path}.new`, `${JSON.stringify(remembered)}\n`);
      await rename(`${path}.new`, path);
    },
  };
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
