import type { Readable } from 'node:stream';

/** The backup port: encrypted archives off the machines. */
export interface Backups {
  /** False when no recipient is configured: then there are no backups, and every command that needs one says so. */
  readonly configured: boolean;
  /** Newest first. */
  list(): Promise<readonly BackupFile[]>;
  /** Keeps an encrypted archive as it comes from a machine; whole and checked, or not at all. */
  save(
    archive: Readable,
    what: { readonly at: number; readonly sha256: string; readonly bytes: number },
  ): Promise<BackupFile>;
  /** Reads it to its end: BACKUP_CORRUPT when a bit of it is not as it was written. Before anything is done that needs it. */
  verify(backup: BackupFile): Promise<void>;
  /** The tar in an archive, decrypted on the operator's side. BACKUP_MISSING, BACKUP_CORRUPT, SECRET_MISSING. */
  open(backup: BackupFile): Promise<Readable>;
}

export interface BackupFile {
  /** "20261124-020000.tar.age" */
  readonly name: string;
  /** When it was asked for, seconds since the epoch by the operator's clock. */
  readonly at: number;
  readonly bytes: number;
}
