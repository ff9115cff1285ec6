import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { demoEnvironment, ROOT } from './project.ts';

/** Runs one of Anny's programs as a user would, in the demo's project; what it tells is seen live. Returns its answer. */
export function runProgram(
  directory: string,
  program: 'anny-cloud' | 'anny-image' | 'anny-bluegreen',
  words: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin', `${program}.js`), ...words], {
      cwd: directory,
      env: demoEnvironment(process.env),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // A terminal sends Ctrl-C to the child as well; it stops in good order, and is waited for.
    signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    let answer = '';
    child.stdout.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code, killed) => {
      if (code === 0) resolve(answer);
      else
        reject(
          new Error(`${program} ${words.join(' ')}: ${killed ?? `exit ${code}`}${answer === '' ? '' : `\n${answer}`}`),
        );
    });
  });
}
