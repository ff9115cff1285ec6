import type { Backup } from './backups.ts';
import type { Answering, Release, Silent } from './release.ts';

/** Writes that may be lost: how old they are, and from which moment on by the operator's clock, in seconds since the epoch. */
export interface GivenUp {
  readonly lostSeconds: number;
  readonly lostSince: number;
}

export function givenUp(lostSeconds: number, { nowSeconds }: { readonly nowSeconds: number }): GivenUp {
  return { lostSeconds, lostSince: Math.floor(nowSeconds - lostSeconds) };
}

/** How long ago a standby had everything, in seconds. */
export function standbyLacks(standby: Answering, nowSeconds: number): number {
  return Math.max(agoThere(standby, standby.status.since, nowSeconds), cameBackSince(standby, nowSeconds));
}

/** The same of a fenced one, or more. One that was told to stop knows when; one that was powered off knows only later, if at all. */
export function fencedLacks(fenced: Answering | Silent, nowSeconds: number): number {
  const sinceItWrote = isExactlyFenced(fenced)
    ? agoThere(fenced, fenced.status.since, nowSeconds)
    : nowSeconds - Date.parse(fenced.instance.createdAt) / 1000;
  return Math.max(sinceItWrote, cameBackSince(fenced, nowSeconds));
}

/**
 * The same of a backup. It may be of a writer that lacked what came back later; it is not, when it is younger than the moment at which
 * that one was fenced.
 */
export function backupLacks(backup: Backup, machines: readonly (Answering | Silent)[], nowSeconds: number): number {
  const isOver = (one: Answering | Silent): boolean =>
    isExactlyFenced(one) && nowSeconds - atLeastAgoThere(one, one.status.since, nowSeconds) <= backup.at;
  const over = machines.filter(isOver).map(({ tags }) => tags.lacksSince);
  const lacking = machines.filter(({ tags: { lacksSince } }) => lacksSince <= backup.at && !over.includes(lacksSince));
  return Math.max(nowSeconds - backup.at, ...lacking.map((one) => cameBackSince(one, nowSeconds)));
}

/** Older writes came back with a machine that had been given up: they are missing here, however short ago this one served. */
function cameBackSince({ tags: { lacksSince } }: Release, nowSeconds: number): number {
  return lacksSince === 0 ? 0 : nowSeconds - lacksSince;
}

/**
 * How long ago something was that a machine dated by its own clock, in seconds: no two clocks agree, but all go equally fast. At most:
 * its answer may have waited to be heard, on a computer that slept.
 */
export function agoThere({ status, askedSince }: Answering, at: number, nowSeconds: number): number {
  return status.now - at + (nowSeconds - askedSince);
}

/** The same, at least. */
function atLeastAgoThere({ status, askedAt }: Answering, at: number, nowSeconds: number): number {
  return status.now - at + (nowSeconds - askedAt);
}

/** Fenced by its own word, and not by the account: nobody else can have written before. */
export function isExactlyFenced(machine: Answering | Silent): machine is Answering {
  return 'box' in machine && machine.status.role === 'fenced' && machine.tags.stage !== 'fenced';
}
