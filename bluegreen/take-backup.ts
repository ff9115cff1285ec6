import type { Box } from '../machine/box.ts';
import type { BackupFile } from './backups.ts';
import type { Context } from './context.ts';

/** A fresh archive made on the writer and kept off it. */
export async function takeBackup(context: Context, box: Box): Promise<BackupFile> {
  // Dated by this computer's clock, as all backups here are: the machines' clocks differ from each other.
  const at = Math.floor(context.operation.clock.now() / 1000);
  const made = await box.backup();
  return context.backups.save(await box.fetchBackup(made.path), { ...made, at });
}
