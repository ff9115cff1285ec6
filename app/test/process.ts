import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { type Ask, clientOf, KEY } from './client.ts';

export interface AnnyProcess {
  readonly ask: Ask;
  readonly port: number;
  readonly pid: number;
  /** Everything that it wrote so far. */
  readonly output: () => string;
  /** Sends a signal and waits for the end: the exit code, or the signal that ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>;
}

const MAIN = join(import.meta.dirname, '..', 'main.ts');

/** Anny as a process of its own, when it serves. Rejects with its output when it ends instead. */
export async function startProcess(directory: string, environment: NodeJS.ProcessEnv = {}): Promise<AnnyProcess> {
  const { child, output, ended } = spawnAnny(directory, environment);
  const port = await new Promise<number>((resolve, reject) => {
    void ended.then((how) => reject(new Error(`ended with ${how}: ${output()}`)));
    const look = (): void => {
      const found = /listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(output());
      if (found !== null && output().includes('"Anny serves"')) resolve(Number(found[1]));
    };
    child.stdout?.on('data', look);
  });
  return {
    ask: clientOf(`http://127.0.0.1:${port}`),
    port,
    pid: child.pid ?? 0,
    output,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** For a start that is to fail. */
export async function runToEnd(directory: string, environment: NodeJS.ProcessEnv) {
  const { output, ended } = spawnAnny(directory, environment);
  return { code: await ended, output: output() };
}

function spawnAnny(directory: string, environment: NodeJS.ProcessEnv) {
  const child: ChildProcess = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/anny-app'),
      ANNY_API_KEY: KEY,
      ANNY_HOST: '127.0.0.1',
      ANNY_PORT: '0',
      ANNY_RATE_LIMIT: '0',
      ANNY_STATE_DIR: directory,
      ANNY_SERVICE_ACCOUNT_PATH: join(directory, 'no-service-account.json'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null)
      createInterface({ input: stream }).on('line', (line) => {
        text += `${line}\n`;
      });
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, output: () => text, ended };
}
