import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Journal, JournalEntry } from './journal.ts';

/** One JSON object a line, appended and fsynced; a torn last line (a crash while writing) is passed over. */
export function fileJournal(path: string, mask: (text: string) => string): Journal {
  return {
    append: async (entry) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, 'a', 0o600);
      try {
        // The first line break closes a line that a crash may have torn.
        await file.write(`\n${mask(JSON.stringify(entry))}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
    },
    entries: async () => {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      return text.split('\n').flatMap(parseLine);
    },
  };
}

function parseLine(line: string): JournalEntry[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as JournalEntry];
  } catch {
    return [];
  }
}
