import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { AnnyError } from '../operation/errors.ts';

const LIMIT_MS = 10 * 60_000;
const SAID_CHARACTERS = 500;

export interface ExportProgram {
  readonly path: string;
  /** As the configuration names it. */
  readonly named: string;
  /** A copy of the state, which is the program's own. */
  readonly state: string;
}

/** Runs the operator's program in a copy of the state: it leaves there what is exported. It has nothing of .env. */
export function runExportProgram({ path, named, state }: ExportProgram): Promise<void> {
  const failed = (found: string, cause?: unknown): AnnyError =>
    new AnnyError('COMMAND_FAILED', {
      doing: `exporting with ${named} (app.export)`,
      found,
      next: 'for all of the state as it is: anny-bluegreen backup export --tar',
      cause,
    });
  return new Promise((resolve, reject) => {
    // One that is written for Node.js gets ours, whatever this computer has.
    const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` };
    const child = spawn(path, [], { cwd: state, env, stdio: ['ignore', 'ignore', 'pipe'], timeout: LIMIT_MS });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said = `${said}${chunk}`.slice(-SAID_CHARACTERS);
    });
    child.on('error', (error) => reject(failed(error.message, error)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(failed(`${said.trim() || 'it said nothing'} (${signal ?? `exit ${code}`})`));
    });
  });
}
