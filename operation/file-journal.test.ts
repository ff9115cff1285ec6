import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileJournal } from './file-journal.ts';
import type { JournalEntry } from './journal.ts';

const entry = (step: string): JournalEntry => ({ at: 1, operation: 'op', command: 'promote', step, event: 'intent' });

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anny-journal-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('the journal', () => {
  const path = (): string => join(directory, '.anny', 'journal.jsonl');
  const journal = () => fileJournal(path(), (text) => text.replaceAll('hunter2', '***'));

  test('is empty before anything was written', async () => {
    expect(await journal().entries()).toEqual([]);
  });

  test('gives back what was written, in order, also to another process', async () => {
    await journal().append(entry('hold'));
    await journal().append(entry('commit'));
    expect(await journal().entries()).toEqual([entry('hold'), entry('commit')]);
  });

  test('passes over a line that a crash has torn, and keeps what comes after it', async () => {
    await journal().append(entry('hold'));
    await appendFile(path(), '\n{"at":2,"operation":"op","st');
    await journal().append(entry('commit'));
    expect(await journal().entries()).toEqual([entry('hold'), entry('commit')]);
  });

  test('holds no secret, and is for its owner alone', async () => {
    await journal().append({ ...entry('secrets'), data: { reason: 'hunter2 was refused' } });
    expect(await readFile(path(), 'utf8')).not.toContain('hunter2');
    expect((await stat(path())).mode & 0o777).toBe(0o600);
  });
});
