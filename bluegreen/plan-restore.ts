import type { Image } from '../builder/catalog.ts';
import { AnnyError } from '../operation/errors.ts';
import { age } from './age.ts';
import { type Backup, laterGeneration } from './backups.ts';
import { bringing } from './bringing.ts';
import { wouldLoseWrites } from './fence.ts';
import { backupLacks, givenUp, standbyLacks } from './given-up.ts';
import { unfinished } from './no-plan.ts';
import type { Plan } from './plan.ts';
import { heirOf, planTakeOver } from './plan-take-over.ts';
import { type Answering, otherSlot } from './release.ts';
import { refuseShutOut } from './shut-out.ts';
import { cannotBeAsked, latestGeneration, refuseTwoWriters, type Situation } from './situation.ts';

export interface RestoreWish {
  readonly image: Image;
  readonly backups: readonly Backup[];
  /** Name of a backup; undefined takes the newest. */
  readonly backup: string | undefined;
  readonly loseWrites: boolean;
  readonly nowSeconds: number;
  /** An older one is restored only by name, or where it was said that writes may be lost. */
  readonly staleAfterSeconds: number;
}

export function planRestore(situation: Situation, wish: RestoreWish): Plan {
  if (situation.kind === 'two-writers') throw refuseTwoWriters(situation.writers);
  if (situation.kind === 'committed') throw unfinished(situation.successor);
  if (situation.kind === 'live' && !wish.loseWrites) {
    throw wouldLoseWrites(
      'restoring from a backup',
      `${situation.writer.tags.release} is alive at ${situation.writer.address}: its writes since the backup would be lost`,
      'use promote, or rollback; if the data itself is bad: restore --lose-writes',
    );
  }
  if (situation.kind === 'dark' && !wish.loseWrites) refuseShutOut('restoring from a backup', situation.silent);
  const standbys = situation.kind === 'empty' ? [] : situation.standbys;
  const backup = chooseBackup(wish);
  if (wish.backup === undefined && situation.kind === 'dark') {
    const heir = heirOf(situation, backup, wish.nowSeconds);
    if (heir !== undefined) return planTakeOver(heir, situation, wish);
    refuseOlderThanStandby(standbys, backup, wish);
  }
  if (backup === undefined) throw noBackup(wish.backup, wish.backups);
  refuseStale(backup, wish);
  const unasked = situation.kind === 'live' ? [] : cannotBeAsked({ silent: [], ...situation });
  const fence = situation.kind === 'live' ? [situation.writer] : unasked;
  const taken = [...standbys, ...(situation.kind === 'live' ? [situation.writer] : [])].at(0)?.tags.slot;
  const slot = taken === undefined ? 'blue' : otherSlot(taken);
  const silent = situation.kind === 'dark' || situation.kind === 'live' ? situation.silent : [];
  const lostSeconds = backupLacks(backup, [...standbys, ...silent], wish.nowSeconds);
  // What cannot be asked is fenced, not destroyed: it may have served.
  const strays = situation.strays.filter((one) => 'box' in one || !unasked.includes(one));
  const after = laterGeneration(latestGeneration(situation), wish.backups);
  const lost = givenUp(lostSeconds, wish);
  return { action: 'restore', after, backup, fence, standbys, ...lost, ...bringing(wish.image, slot, strays) };
}

function chooseBackup(wish: RestoreWish): Backup | undefined {
  return wish.backup === undefined ? wish.backups[0] : wish.backups.find(({ name }) => name === wish.backup);
}

function refuseOlderThanStandby(
  standbys: readonly Answering[],
  backup: Backup | undefined,
  { nowSeconds }: RestoreWish,
): void {
  const newest = standbys.find(({ status }) => status.role === 'relay');
  if (newest === undefined || (backup !== undefined && isNewerThan(newest, backup, nowSeconds))) return;
  const dataAge = standbyLacks(newest, nowSeconds);
  throw wouldLoseWrites(
    'restoring from a backup',
    `standby ${newest.tags.release} is alive and has newer data (${age(dataAge)} old) than the newest backup (${backup === undefined ? 'none' : `${age(nowSeconds - backup.at)} old`})`,
    `anny-bluegreen rollback --lose-writes, or name the backup: restore --backup ${backup?.name ?? 'NAME'}`,
  );
}

/** What a standby backed up itself was before it handed over; what a later writer did, after. Else their clocks decide. */
function isNewerThan(standby: Answering, backup: Backup, nowSeconds: number): boolean {
  if (backup.release === standby.tags.release) return false;
  const { generation } = standby.status;
  if (backup.generation !== generation) return backup.generation > generation;
  return nowSeconds - backup.at <= standbyLacks(standby, nowSeconds);
}

function refuseStale(backup: Backup, { backup: wanted, loseWrites, nowSeconds, staleAfterSeconds }: RestoreWish): void {
  const old = nowSeconds - backup.at;
  if (wanted !== undefined || loseWrites || old <= staleAfterSeconds) return;
  throw wouldLoseWrites(
    'restoring from a backup',
    `the newest is ${age(old)} old, and backup.stale_after is ${age(staleAfterSeconds)}: everything written since would be lost`,
    `if a machine still has its disk, start it in the account; else restore --lose-writes, or --backup ${backup.name}`,
  );
}

function noBackup(wanted: string | undefined, backups: readonly Backup[]): AnnyError {
  return new AnnyError('BACKUP_MISSING', {
    doing: 'looking for a backup',
    found:
      wanted === undefined
        ? 'the repository holds none (backup.repository)'
        : `${wanted} is not among ${backups.map(({ name }) => name).join(', ') || 'none'}`,
    next: 'check backup.repository and --env; if a machine still has its disk, start it in the account',
  });
}
