import { CommanderError } from 'commander';
import { AnnyError } from './errors.ts';

/** A bug's exit code, as sysexits.h has it: never one of an expected failure's. */
const EXIT_BUG = 70;
const EXIT_USAGE = 2;

/**
 * Runs a program to its end and sets the process's exit code.
 * An AnnyError is told as "doing: found / next" on stderr, with `json` as `{"error":{code,doing,found,next}}` on stdout;
 * a bug is told with its stack.
 */
export async function runMain(run: () => Promise<void>, options: { readonly json: boolean }): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.exitCode = tell(error, options.json);
  }
}

function tell(error: unknown, json: boolean): number {
  // Commander has already said what was wrong with the call (and --help and --version end here as well).
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof AnnyError) {
    const { code, doing, found, next } = error;
    if (json) process.stdout.write(`${JSON.stringify({ error: { code, doing, found, next } })}\n`);
    else process.stderr.write(`${doing}: ${found}\n  next: ${next}\n`);
    return error.exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: { code: 'BUG', found: stack } })}\n`);
  process.stderr.write(`This is a bug in Anny, please report it with what you ran:\n${stack}\n`);
  return EXIT_BUG;
}
