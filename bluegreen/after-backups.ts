import { AnnyError, hasCode } from '../operation/errors.ts';
import { warn } from '../operation/step.ts';
import type { Context } from './context.ts';

/**
 * The generation that a first writer comes after. Backups outlive machines: those of a writer that is gone would pass for newer than all
 * that this one makes.
 */
export async function afterBackups(context: Context, after: number): Promise<number> {
  if (!context.backups.configured) return after;
  try {
    const { backups } = await context.backups.list();
    return Math.max(after, ...backups.map(({ generation }) => generation));
  } catch (error) {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    warn(
      context.operation,
      `the backups could not be listed; if an earlier writer left some, restore takes them for the newest: ${error.found}`,
    );
    return after;
  }
}
