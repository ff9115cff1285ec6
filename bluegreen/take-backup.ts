import type { Box } from '../machine/box.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import { runStep, warn } from '../operation/step.ts';
import { type Backup, type Backups, backupName } from './backups.ts';
import type { Context } from './context.ts';
import type { Answering } from './release.ts';

/** A fresh backup, made by the writer and kept in the repository. */
export async function takeBackup(box: Box): Promise<Backup> {
  const { id, at, bytes, release, generation, sequence } = await box.backup();
  return { name: backupName(at, id), id, at, bytes, release, generation, sequence };
}

/** Why a new machine gets the state from the live one and not from a backup; undefined when it does not. */
export function whyNoBackup(backups: Backups, without = false): string | undefined {
  if (!backups.configured) return 'there are no backups: backup.repository is empty';
  if (!backups.offMachine) return 'the backup repository lies on the live machine itself';
  return without ? 'without a backup, as was said' : undefined;
}

/** Before a handover that nothing is prepared for: worth having, and nothing that a rollback waits for in vain. */
export async function backupBefore(context: Context, { tags, box }: Answering): Promise<void> {
  if (!context.backups.configured) return;
  await runStep(context.operation, {
    name: 'backup',
    detail: tags.release,
    run: () => takeBackup(box),
    describe: ({ name }) => name,
  }).catch((error: unknown) => {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    warn(context.operation, `${tags.release} made no backup before the handover: ${error.found}`);
  });
}
