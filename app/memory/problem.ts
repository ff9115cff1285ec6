import { codeOf, reasonOf } from './disk.ts';

/**
 * Why the memory could not do what it was asked.
 * refused: its files are not what they should be, and were left as they are. full: there is no space. failing: the disk does
 * not take writes. busy: more is waiting than can be held.
 */
export class MemoryProblem extends Error {
  readonly kind: 'refused' | 'full' | 'failing' | 'busy';

  constructor(kind: MemoryProblem['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MemoryProblem';
    this.kind = kind;
  }
}

/** An error of the file system, as the reason why nothing was written. */
export function problemOf(error: unknown): MemoryProblem {
  if (error instanceof MemoryProblem) return error;
  const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error));
  const text = full ? 'The disk is full' : 'The disk does not take writes';
  return new MemoryProblem(full ? 'full' : 'failing', `${text} (${reasonOf(error)}). Nothing was written.`, {
    cause: error,
  });
}
