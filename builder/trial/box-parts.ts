import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PARTS = join(import.meta.dirname, '..', '..', 'templates/base/usr/local/lib/anny');

/** Parts of anny-box in a directory, which they take for the machine's own places. */
export async function layOutParts(directory: string, parts: readonly string[]): Promise<void> {
  for (const part of parts) {
    const text = (await readFile(join(PARTS, `${part}.sh`), 'utf8'))
      .replace('RUN=/run/anny', `RUN=${directory}/run`)
      .replace('LIB=/var/lib/anny', `LIB=${directory}/lib`)
      .replace('OPT=/opt/anny', `OPT=${directory}/opt`)
      .replace(/^readonly REPOSITORY_PAUSE_SECONDS=.*/m, 'readonly REPOSITORY_PAUSE_SECONDS=0');
    await writeFile(join(directory, `${part}.sh`), text);
  }
}
