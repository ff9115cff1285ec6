import type { NoteId } from '../cloud/cloud.ts';
import type { Claim } from './claim.ts';

/** A claim whose text has not changed for so long, by the observer's own clock, is its writer's no more. */
export const EXPIRY_MS = 30_000;

/** A claim as somebody who looks sees it. */
export interface Sighting {
  readonly id: NoteId;
  /** undefined: written by another version of this program. */
  readonly claim: Claim | undefined;
  readonly unchangedMs: number;
  /** Its process was on this computer and has ended. */
  readonly gone: boolean;
}

export type Decision =
  /** Nobody else is there: the scope may be taken. */
  | { readonly kind: 'take' }
  /** Claims of somebody who is gone stand in the way. */
  | { readonly kind: 'bury'; readonly expired: readonly Sighting[] }
  /** Somebody holds it, or others wait too and we come first: our claim stays. */
  | { readonly kind: 'wait'; readonly for: Sighting }
  /** Somebody else waits and comes first: our claim would keep it from being alone. */
  | { readonly kind: 'withdraw'; readonly for: Sighting }
  /** Our claim is not in the list (yet, or any more). */
  | { readonly kind: 'unlisted' };

export function isExpired({ unchangedMs, gone }: Sighting): boolean {
  return gone || unchangedMs >= EXPIRY_MS;
}

/** Who may do something about a scope: everybody but those that are left. */
export function liveClaims(seen: readonly Sighting[]): readonly Sighting[] {
  return seen.filter((one) => one.claim?.state !== 'left' && !isExpired(one));
}

/**
 * What a list of claims means for whoever wrote `own`. Safe because every claim is written before its writer lists: of two who
 * look, the later sees the earlier, and nobody takes a scope unless alone.
 */
export function decide(seen: readonly Sighting[], own: NoteId): Decision {
  const mine = seen.find(({ id }) => id === own);
  if (mine === undefined) return { kind: 'unlisted' };
  const others = seen.filter((one) => one !== mine && one.claim?.state !== 'left');
  const live = others.filter((one) => !isExpired(one));
  const holder = live.find(({ claim }) => claim?.state !== 'waiting');
  if (holder !== undefined) return { kind: 'wait', for: holder };
  const first = live.toSorted(byTurn)[0];
  if (first !== undefined && byTurn(first, mine) < 0) return { kind: 'withdraw', for: first };
  const expired = others.filter(isExpired);
  if (expired.length > 0) return { kind: 'bury', expired };
  return first === undefined ? { kind: 'take' } : { kind: 'wait', for: first };
}

/** May a claim be written at all? Not while somebody waits for the others to withdraw. */
export function mayClaim(seen: readonly Sighting[]): boolean {
  const live = liveClaims(seen);
  return live.length === 0 || live.some(({ claim }) => claim?.state !== 'waiting');
}

/** Who came first by the clocks of those who wrote; the same order for everybody who looks. */
function byTurn(a: Sighting, b: Sighting): number {
  const since = (one: Sighting): number => one.claim?.since ?? 0;
  return since(a) - since(b) || (a.claim?.operation ?? '').localeCompare(b.claim?.operation ?? '');
}

/** What was interrupted last, if anything was. */
export function lastLeft(seen: readonly Sighting[]): (Sighting & { readonly claim: Claim }) | undefined {
  return seen
    .flatMap((one) => (one.claim?.state === 'left' && one.claim.work !== null ? [{ ...one, claim: one.claim }] : []))
    .toSorted((a, b) => b.claim.token - a.claim.token)[0];
}

export function highestToken(seen: readonly Sighting[]): number {
  return Math.max(0, ...seen.map(({ claim }) => claim?.token ?? 0));
}
