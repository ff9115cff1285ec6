import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

const OUTPUT_LIMIT = 64 * 1024;

/** Runs a program of the host to its end; stdout and stderr together, the last 64 KiB of them. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const output = tail(child.stdout, child.stderr);
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code, signal) =>
      resolve({ code: code ?? 128, output: output() + (signal ? `\n${signal}` : '') }),
    );
  });
}

/** The last 64 KiB that streams say. */
export function tail(...streams: readonly Readable[]): () => string {
  let text = '';
  for (const stream of streams) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      text = (text + chunk).slice(-OUTPUT_LIMIT);
    });
  }
  return () => text.trim();
}

/** The last `count` lines, for an error message. */
export function lastLines(text: string, count = 3): string {
  return text.trim().split('\n').slice(-count).join(' | ').slice(-400);
}
