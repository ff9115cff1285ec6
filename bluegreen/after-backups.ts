import { AnnyError, hasCode } from '../operation/errors.ts';
import { warn } from '../operation/step.ts';
import { laterGeneration } from './backups.ts';
import type { Context } from './context.ts';

/** Nobody may be serving meanwhile. */
const LIMIT_MS = 15_000;

/**
 * The generation that a writer comes after whose own data tells nothing of later writers: the first one, and one that others are given up
 * for. Backups outlive machines: those of a writer that is gone would pass for newer than all that this one makes.
 */
export async function afterBackups(context: Context, after: number): Promise<number> {
  if (!context.backups.configured) return after;
  try {
    const { backups } = await context.backups.list(LIMIT_MS);
    return laterGeneration(after, backups);
  } catch (error) {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    warn(
      context.operation,
      `the backups could not be listed; if a writer that is gone left some, restore takes them for the newest: ${error.found}`,
    );
    return after;
  }
}
