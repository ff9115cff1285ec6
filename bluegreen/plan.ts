import type { Image } from '../builder/catalog.ts';
import { AnnyError } from '../operation/errors.ts';
import { age } from './age.ts';
import { type Backup, laterGeneration } from './backups.ts';
import { wouldLoseWrites } from './fence.ts';
import { agoThere, backupLacks, fencedLacks, type GivenUp, givenUp, standbyLacks } from './given-up.ts';
import { describeLostWrites, type LostWrites, writesSince } from './lost-writes.ts';
import { type Answering, otherSlot, type Release, type Silent } from './release.ts';
import { refuseShutOut, USE_ITS_KEY } from './shut-out.ts';
import { cannotBeAsked, latestGeneration, refuseTwoWriters, type Situation } from './situation.ts';
import type { Slot } from './tags.ts';

/** What a command will do: plain data, made from observations. `plan` prints the same that `promote` carries out. */
export type Plan =
  | { readonly action: 'none'; readonly writer: Answering }
  | ({
      readonly action: 'first';
      /** The generation that it comes after: a machine that was cut off may have been made the writer. */
      readonly after: number;
    } & Bringing)
  | ({
      readonly action: 'promote';
      readonly from: Answering;
      readonly standbys: readonly Answering[];
      /** The state comes from the live machine alone, although there are backups. */
      readonly withoutBackup: boolean;
    } & Bringing)
  | {
      readonly action: 'rollback';
      readonly from: Answering;
      readonly to: Answering;
      readonly standbys: readonly Answering[];
    }
  /** The newer machine is dead: its writes since the handover are lost. */
  | ({
      readonly action: 'fall-back';
      readonly after: number;
      readonly to: Answering;
      readonly fence: readonly Silent[];
      readonly standbys: readonly Answering[];
      readonly lostWrites: LostWrites;
    } & GivenUp)
  /** A machine that was fenced serves again, with the data that it had then: what others wrote since is given up. */
  | ({
      readonly action: 'take-back';
      readonly after: number;
      readonly to: Answering | Silent;
      readonly fence: readonly (Answering | Silent)[];
      readonly standbys: readonly Answering[];
    } & GivenUp)
  | ({
      readonly action: 'restore';
      /** The generation that the new writer comes after: its state may be from before other machines served. */
      readonly after: number;
      readonly backup: Backup;
      readonly fence: readonly Release[];
      readonly standbys: readonly Answering[];
    } & Bringing &
      GivenUp)
  /** A machine had taken everything over when the old one went away. If that had not committed yet, it wrote on alone. */
  | ({
      readonly action: 'take-over';
      readonly to: Answering;
      readonly fence: readonly Silent[];
      readonly standbys: readonly Answering[];
    } & GivenUp);

interface Bringing {
  readonly image: Image;
  readonly slot: Slot;
  /** A candidate with this image, left by an earlier command. */
  readonly reuse: Answering | undefined;
  /** Machines that never served, left by earlier commands: destroyed first. */
  readonly clear: readonly Release[];
}

export interface PromoteWish {
  readonly image: Image;
  /** Bring up a new machine although the live one has this image already. */
  readonly again: boolean;
  readonly withoutBackup?: boolean | undefined;
}

export function planPromote(situation: Situation, wish: PromoteWish): Plan {
  switch (situation.kind) {
    case 'two-writers':
      throw refuseTwoWriters(situation.writers);
    case 'empty':
      return { action: 'first', after: latestGeneration(situation), ...bringing(wish.image, 'blue', situation.strays) };
    case 'live': {
      const { writer, standbys } = situation;
      if (!wish.again && writer.tags.image === wish.image.digest.slice(0, 12)) return { action: 'none', writer };
      const slot = otherSlot(writer.tags.slot);
      const { withoutBackup = false } = wish;
      return {
        ...{ action: 'promote', from: writer, standbys, withoutBackup },
        ...bringing(wish.image, slot, situation.strays, true),
      };
    }
    case 'committed':
      throw unfinished(situation.successor);
    case 'dark':
      throw nothingLive(situation.silent, situation.standbys);
  }
}

/** The live release stays what it is; what is around it is put in order. */
export function planSettle(situation: Situation): Plan {
  switch (situation.kind) {
    case 'two-writers':
      throw refuseTwoWriters(situation.writers);
    case 'live':
      return { action: 'none', writer: situation.writer };
    case 'committed':
      throw unfinished(situation.successor);
    case 'empty':
      throw nothingLive([], []);
    case 'dark':
      throw nothingLive(situation.silent, situation.standbys);
  }
}

export interface RollbackWish {
  /** Release name; undefined picks the newest standby. */
  readonly to: string | undefined;
  readonly loseWrites: boolean;
  readonly nowSeconds: number;
}

export function planRollback(situation: Situation, wish: RollbackWish): Plan {
  if (situation.kind === 'two-writers') throw refuseTwoWriters(situation.writers);
  if (situation.kind === 'committed') throw unfinished(situation.successor);
  if (situation.kind === 'empty') throw nothingLive([], []);
  // One that somebody was about to destroy is no way back beside a living writer; without one it may be all there is.
  const isWay = ({ tags, status }: Answering): boolean =>
    status.role === 'relay' && (situation.kind === 'dark' || tags.stage !== 'discarded');
  const to = situation.standbys.find((one) => isWay(one) && (wish.to === undefined || one.tags.release === wish.to));
  if (to === undefined) return planTakeBack(situation, wish);
  const standbys = situation.standbys.filter((one) => one !== to);
  if (situation.kind === 'live') return { action: 'rollback', from: situation.writer, to, standbys };
  const lostSeconds = standbyLacks(to, wish.nowSeconds);
  if (!wish.loseWrites) throw refuseToLose(to, situation.silent, lostSeconds);
  const after = latestGeneration(situation);
  const lostWrites = writesSince(to);
  const fence = cannotBeAsked(situation);
  return { action: 'fall-back', after, to, fence, standbys, lostWrites, ...givenUp(lostSeconds, wish) };
}

function planTakeBack(situation: Extract<Situation, { kind: 'live' | 'dark' }>, wish: RollbackWish): Plan {
  const { standbys, silent } = situation;
  const fenced = [
    ...standbys.filter(({ status }) => status.role !== 'relay'),
    ...silent.filter(({ tags }) => tags.stage === 'fenced'),
  ];
  const to = wish.to === undefined ? undefined : fenced.find(({ tags }) => tags.release === wish.to);
  if (to === undefined) throw noStandby(wish.to, standbys);
  const lostSeconds = fencedLacks(to, wish.nowSeconds);
  if (!wish.loseWrites) {
    throw wouldLoseWrites(
      `taking ${to.tags.release} back`,
      `it was fenced; what other machines have and it has not would be lost, that is of at most the last ${age(lostSeconds)}`,
      `to give those writes up: rollback --to ${to.tags.release} --lose-writes`,
    );
  }
  const others = cannotBeAsked(situation).filter((one) => one !== to);
  const fence = [...(situation.kind === 'live' ? [situation.writer] : []), ...others];
  const after = latestGeneration(situation);
  const besides = standbys.filter((one) => one !== to);
  return { action: 'take-back', after, to, fence, standbys: besides, ...givenUp(lostSeconds, wish) };
}

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
  const unasked = situation.kind === 'dark' ? cannotBeAsked(situation) : [];
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

/** A take-over is dated by its end; its data is from the pull before it, within a hold, and no hold is longer. */
const HOLD_LIMIT_SECONDS = 100;

/** A machine that has all data of one that cannot be asked, and newer data than anything else. */
function heirOf(
  { strays, standbys, silent }: Extract<Situation, { kind: 'dark' }>,
  backup: Backup | undefined,
  nowSeconds: number,
): Answering | undefined {
  const backupAge = backup === undefined ? Number.POSITIVE_INFINITY : nowSeconds - backup.at;
  const youngest = Math.min(backupAge, ...standbys.map((one) => standbyLacks(one, nowSeconds)));
  return strays
    .filter((one) => 'box' in one)
    .filter(({ tags }) => tags.stage !== 'discarded')
    .filter(({ status: { takeover } }) => takeover.from !== '')
    .filter((one) => agoThere(one, one.status.takeover.at, nowSeconds) <= youngest)
    .filter(({ status: { takeover } }) => standbys.every(({ address }) => address !== takeover.from))
    .find(({ status: { takeover } }) => silent.length === 0 || silent.some(({ address }) => address === takeover.from));
}

/** Nothing is lost if the old machine had committed; that it had, nobody can say while it is silent. */
function planTakeOver(to: Answering, situation: Extract<Situation, { kind: 'dark' }>, wish: RestoreWish): Plan {
  const { standbys } = situation;
  const { from, at } = to.status.takeover;
  const lostSeconds = agoThere(to, at, wish.nowSeconds) + HOLD_LIMIT_SECONDS;
  const lost = givenUp(lostSeconds, wish);
  if (wish.loseWrites) return { action: 'take-over', to, fence: cannotBeAsked(situation), standbys, ...lost };
  throw wouldLoseWrites(
    `making ${to.tags.release} the writer`,
    `it had taken everything over from ${from} ${age(lostSeconds)} ago; if ${from} did not hand over then, it alone has what was written since, and it cannot be asked`,
    `bring ${from} back if you can: then nothing is lost; else restore --lose-writes`,
  );
}

/** Beside a live writer a state that was taken over counts for nothing; without one it may be the newest there is. */
function bringing(image: Image, slot: Slot, strays: readonly (Answering | Silent)[], live = false): Bringing {
  const reuse = strays
    .filter((one) => 'box' in one)
    .filter(({ tags }) => tags.stage !== 'discarded' && tags.image === image.digest.slice(0, 12))
    .find(({ status }) => live || status.takeover.from === '');
  return { image, slot: reuse?.tags.slot ?? slot, reuse, clear: strays.filter((one) => one !== reuse) };
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

function refuseToLose(to: Answering, silent: readonly Silent[], seconds: number): AnnyError {
  return wouldLoseWrites(
    `rolling back to ${to.tags.release}`,
    `${silent.map(({ tags, problem }) => `${tags.release} (${problem})`).join(', ') || 'the newer machine'} cannot hand its data over; ${to.tags.release} has everything up to ${age(seconds)} ago. Lost would be ${describeLostWrites(writesSince(to))}`,
    `bring the newer machine back if you can; to give up the writes of the last ${age(seconds)}: rollback --lose-writes`,
  );
}

function noStandby(wanted: string | undefined, standbys: readonly Answering[]): AnnyError {
  return new AnnyError('NOTHING_LIVE', {
    doing: 'looking for the release to roll back to',
    found:
      wanted === undefined
        ? 'there is no standby'
        : `${wanted} is not among the standbys: ${standbys.map(({ tags }) => tags.release).join(', ') || 'there are none'}`,
    next: 'promote an older image instead: anny-image list, then promote --image DIGEST; it takes the data along as well',
  });
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

function nothingLive(silent: readonly Silent[], standbys: readonly Answering[]): AnnyError {
  const dead = silent.map(({ tags, address, problem }) => `${tags.release} at ${address}: ${problem}`);
  return new AnnyError('NOTHING_LIVE', {
    doing: 'looking for the live release',
    found: dead.join('; ') || 'there is none',
    next: silent.some(({ keyRefused }) => keyRefused)
      ? USE_ITS_KEY
      : [
          ...(dead.length > 0 ? ['start the machine again in the account'] : []),
          ...(standbys.length > 0 ? ['anny-bluegreen rollback --lose-writes'] : []),
          dead.length > 0 || standbys.length > 0 ? 'anny-bluegreen restore' : 'anny-bluegreen promote',
        ].join(', or: '),
  });
}

/** Commands finish a committed handover before they plan; a plan that meets one was made too early. */
function unfinished(successor: Answering): AnnyError {
  return new AnnyError('UNFINISHED', {
    doing: 'planning',
    found: `${successor.tags.release} has the data and the traffic, but has not been made the writer yet`,
    next: 'anny-bluegreen settle finishes it',
  });
}
