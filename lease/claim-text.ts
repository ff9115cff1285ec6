import type { Claim } from './claim.ts';
import type { Sighting } from './decide.ts';

/** "ops@laptop (process 4711)" */
export function holderOf({ user, host, process: { pid } }: Claim): string {
  return `${user}@${host} (process ${pid})`;
}

/** "ops@laptop (process 4711): anny-bluegreen promote, since 2026-01-05T08:00:00Z (release 42)" */
export function describeClaim(claim: Claim | undefined): string {
  if (claim === undefined) return 'a claim that another version of this program wrote';
  const since = new Date(claim.since).toISOString().replace(/\.\d+/, '');
  return `${holderOf(claim)}: ${claim.command}, since ${since}${claim.reason === '' ? '' : ` (${claim.reason})`}`;
}

/** How fresh it is, as far as whoever looks can tell. */
export function describeFreshness({ unchangedMs, gone }: Sighting): string {
  if (gone) return 'its process has ended';
  return unchangedMs < 1_000 ? 'heard of just now' : `not heard of for ${Math.round(unchangedMs / 1000)} s`;
}
