import { AnnyError } from '../operation/errors.ts';

const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** In words, where what is written to took no more; anything else as it is. */
export function writeProblem(error: unknown, doing: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (FULL.includes(code)) {
    return new AnnyError('NO_SPACE', {
      doing,
      found: `there is no room left (${code})`,
      next: 'make room there, or write to another disk; then run the same command again',
      cause: error,
    });
  }
  if (code !== 'EPIPE') return error;
  return new AnnyError('COMMAND_FAILED', {
    doing,
    found: 'whoever read the output ended before it was complete (EPIPE)',
    next: 'write it to a file, or let the reader take all of it; then run the same command again',
    cause: error,
  });
}
