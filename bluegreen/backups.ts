import type { Writable } from 'node:stream';

/** The backup port: what is kept off the machines, as the operator's side sees it. Machines make backups and restore them by themselves. */
export interface Backups {
  /** False when there is no repository: then there are no backups, and every command that needs one says so. */
  readonly configured: boolean;
  /** False when the repository lies on the machine itself: it helps against mistakes, and is gone with the machine. */
  readonly offMachine: boolean;
  /** BACKUP_UNREADABLE, also when it takes longer than it may; PROGRAM_MISSING, SECRET_MISSING. */
  list(limitMs?: number): Promise<Kept>;
  /** Fetches all of it, to its end: BACKUP_CORRUPT when a bit of it is not as it was written. */
  verify(backup: Backup): Promise<void>;
  /** Its state, as a tar with the directory "state". */
  write(backup: Backup, to: Writable): Promise<void>;
  /** Writes down beside the backups that one of them was restored, for everybody to see. */
  prove(proof: Proof): Promise<void>;
}

export interface Kept {
  /** The latest writer's newest first. */
  readonly backups: readonly Backup[];
  /** The last time that one was restored and its app was well. */
  readonly proof: Proof | undefined;
}

export interface Proof {
  /** Seconds since the epoch, by the operator's clock. */
  readonly at: number;
  /** The snapshot. */
  readonly backup: string;
  readonly by: 'promote' | 'restore' | 'drill';
  /** From the first call to the account to an app that is well, on a machine that was made for it. */
  readonly tookMs: number;
}

export interface Backup {
  /** "20261124-020000-1a2b3c4d": when it was asked for, and its snapshot. */
  readonly name: string;
  /** The snapshot: what a machine is told to restore. */
  readonly id: string;
  /** Everything that was written until then is in it; seconds since the epoch by the clock of the machine that made it. */
  readonly at: number;
  /** Size of the state. */
  readonly bytes: number;
  /** The release that made it, and as which writer in the order of writers. */
  readonly release: string;
  readonly generation: number;
  /** Of that machine's backups. */
  readonly sequence: number;
}

export function backupName(at: number, id: string): string {
  const [day = '', time = ''] = new Date(at * 1000).toISOString().replaceAll(/[-:]/g, '').split('T');
  return `${day}-${time.slice(0, 6)}-${id.slice(0, 8)}`;
}

/** The later one of what machines tell and what backups do: backups outlive machines. */
export function laterGeneration(known: number, backups: readonly Backup[]): number {
  return Math.max(known, ...backups.map(({ generation }) => generation));
}

/** By the order of writers first: no two machines' clocks agree, one of them may be set, and a machine that was replaced may still have written. */
export function newestFirst(backups: readonly Backup[]): readonly Backup[] {
  return backups.toSorted((a, b) => b.generation - a.generation || b.sequence - a.sequence || b.at - a.at);
}
