import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { demoEnvironment, ROOT } from '../demo/project.ts';

export interface Ended {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Told of each line on stderr as it comes, with the process that writes it. */
  readonly onLine?: (line: string, child: ChildProcess) => void;
  /** Asks it to stop. */
  readonly stop?: AbortSignal;
}

/** Runs a program to its end, however that comes. */
export function run(
  directory: string,
  program: 'anny-cloud' | 'anny-image' | 'anny-bluegreen',
  words: readonly string[],
  { env = {}, onLine = () => undefined, stop }: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin', `${program}.js`), ...words], {
      cwd: directory,
      env: { ...demoEnvironment(process.env), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    stop?.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      for (const line of chunk.toString().split('\n')) if (line !== '') onLine(line, child);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a line as it would be typed in the project, with the secrets of its .env. Resolves with its exit code. */
export function runShell(directory: string, line: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', `set -a; . ./.env; set +a; exec 2>&1; ${line}`], {
      cwd: directory,
      env: demoEnvironment(process.env),
      stdio: 'inherit',
    });
    child.on('error', reject);
    child.on('close', resolve);
  });
}
