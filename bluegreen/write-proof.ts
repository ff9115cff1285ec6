import { AnnyError, hasCode } from '../operation/errors.ts';
import { warn } from '../operation/step.ts';
import type { Proof } from './backups.ts';
import type { Context } from './context.ts';
import type { Prepared } from './prepare.ts';

/** That a backup was restored is worth knowing; that it could not be written down keeps nothing from going on. */
export async function writeProof(
  { backups, operation }: Context,
  by: Proof['by'],
  { backup, tookMs }: Prepared,
): Promise<void> {
  if (backup === undefined) return;
  const at = Math.floor(operation.clock.now() / 1000);
  await backups.prove({ at, backup: backup.id, by, tookMs: Math.round(tookMs) }).catch((error: unknown) => {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    warn(operation, `that ${backup.name} could be restored was not written down: ${error.found}`);
  });
}
