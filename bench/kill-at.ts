import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoEnvironment, ROOT } from '../demo/project.ts';
import { fileJournal } from '../operation/file-journal.ts';
import type { JournalEntry } from '../operation/journal.ts';

/** The n-th line that a command writes into its journal, and what it says. */
export interface Line {
  readonly number: number;
  readonly step: string;
  readonly event: JournalEntry['event'];
}

const LOOK_MS = 2;
const ENV = 'demo';

/** What the command that ran last wrote into the journal of a project. */
export async function linesOf(directory: string, skip: number): Promise<readonly Line[]> {
  const entries = (await journalIn(directory).entries()).slice(skip);
  return entries.map(({ step, event }, index) => ({ number: index + 1, step, event }));
}

export async function linesIn(directory: string): Promise<number> {
  return (await journalIn(directory).entries()).length;
}

/** Runs `anny-bluegreen`, and kills it as soon as that line is on the disk: SIGKILL, no step of the product knows. False when it ended before. */
export async function killAt(directory: string, words: readonly string[], line: Line): Promise<boolean> {
  const before = await linesIn(directory);
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'anny-bluegreen.js'), ...words], {
    cwd: directory,
    env: demoEnvironment(process.env),
    stdio: 'ignore',
    // A group of its own: the launcher and what it launched die at once.
    detached: true,
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  const path = journalPath(directory);
  let size = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.length !== size) {
      size = text.length;
      const reached = (await linesOf(directory, before)).some((one) => one.number === line.number);
      if (reached) {
        kill(child);
        await ended;
        return true;
      }
    }
    await sleep(LOOK_MS);
  }
  await ended;
  return false;
}

function kill({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

function journalPath(directory: string): string {
  return join(directory, '.anny', `journal-${ENV}.jsonl`);
}

function journalIn(directory: string) {
  return fileJournal(journalPath(directory), (text) => text);
}
