import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { recordedProcess, recordProcess } from './recorded-process.ts';

/** The operations of this computer: those that were killed left something that nobody else will take away. */
export interface Running {
  begin(operation: string): Promise<void>;
  end(operation: string): Promise<void>;
  /** Operations that began here, did not end, and whose process is gone. */
  killed(): Promise<readonly string[]>;
}

/** One file an operation, with the process that runs it. */
export function runningIn(directory: string): Running {
  const file = (operation: string): string => join(directory, `${operation}.json`);
  return {
    begin: async (operation) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await recordProcess(file(operation), process.pid);
    },
    end: (operation) => rm(file(operation), { force: true }),
    killed: async () => {
      const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      const operations = names.filter((name) => name.endsWith('.json')).map((name) => basename(name, '.json'));
      const lives = await Promise.all(operations.map((operation) => recordedProcess(file(operation))));
      return operations.filter((_, index) => lives[index] === undefined);
    },
  };
}
