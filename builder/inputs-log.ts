import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Identity, Input } from './digest.ts';

const inputsSchema = z.object({
  name: z.string(),
  inputs: z.array(z.object({ name: z.string(), sha256: z.string() })),
});

/** What went into images that were baked from here: for --why, and never needed for anything else. */
export function inputsLog(directory: string) {
  const folder = join(directory, '.anny', 'images');
  return {
    async remember(identity: Identity): Promise<void> {
      await mkdir(folder, { recursive: true });
      const { name, inputs } = identity;
      await writeFile(join(folder, `${identity.digest}.json`), `${JSON.stringify({ name, inputs })}\n`);
    },
    async recall(digest: string): Promise<readonly Input[] | undefined> {
      const names = await readdir(folder).catch(() => []);
      const file = names.find((name) => name.startsWith(digest));
      if (file === undefined) return undefined;
      return inputsSchema.parse(JSON.parse(await readFile(join(folder, file), 'utf8'))).inputs;
    },
  };
}
