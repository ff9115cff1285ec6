import { type Claim, PREFIX, prefixOf, readClaim, scopeOf } from './claim.ts';
import { EXPIRY_MS } from './decide.ts';
import type { LeasePorts } from './look.ts';

/** A claim as somebody sees it who looks once: how fresh it is, only its writer's clock tells. */
export interface ListedClaim {
  readonly scope: string;
  readonly claim: Claim;
  readonly quietMs: number;
  /** Its process was on this computer and has ended. */
  readonly gone: boolean;
  /** Its writer's clock is ahead, so that it was watched: nothing was heard of it. */
  readonly unheard?: boolean;
}

const LOOK_AGAIN_MS = 2_000;
const LOOKS = EXPIRY_MS / LOOK_AGAIN_MS;

/** All claims in the account, or those of one scope. One that was written in the future does not say how old it is: it is watched. */
export async function listClaims(ports: LeasePorts, scope?: string): Promise<readonly ListedClaim[]> {
  let listed = await lookOnce(ports, scope);
  const before = listed.filter((one) => isAhead(ports, one));
  const isAsBefore = ({ claim }: ListedClaim): boolean =>
    before.some((one) => one.claim.operation === claim.operation && one.claim.beat === claim.beat);
  for (let look = 0; look < LOOKS && listed.some(isAsBefore); look += 1) {
    await ports.clock.sleep(LOOK_AGAIN_MS);
    listed = await lookOnce(ports, scope);
  }
  return listed.map((one) => (isAsBefore(one) ? { ...one, unheard: true } : one));
}

function isAhead({ clock }: LeasePorts, { claim, gone }: ListedClaim): boolean {
  return claim.state === 'held' && !gone && claim.beatAt - clock.now() > EXPIRY_MS;
}

async function lookOnce({ cloud, clock, here }: LeasePorts, scope?: string): Promise<readonly ListedClaim[]> {
  const listed: ListedClaim[] = [];
  for (const { name, text } of await cloud.notes(scope === undefined ? PREFIX : prefixOf(scope))) {
    const claim = readClaim(text);
    if (claim === undefined) continue;
    const quietMs = Math.max(0, clock.now() - claim.beatAt);
    listed.push({ scope: scopeOf(name), claim, quietMs, gone: await here.isGone(claim.process) });
  }
  return listed;
}

/** Clocks of two computers differ; by more than this, one of them is wrong. */
const QUIET_MS = EXPIRY_MS + 30_000;

export function isQuiet({ gone, unheard = false, quietMs }: ListedClaim): boolean {
  return gone || unheard || quietMs > QUIET_MS;
}

export function runningIn(claims: readonly ListedClaim[]): ListedClaim | undefined {
  return claims.find((one) => one.claim.state === 'held' && !isQuiet(one));
}

/** What was cut off last, with something in hand. */
export function interruptedIn(claims: readonly ListedClaim[]): ListedClaim | undefined {
  return claims
    .filter((one) => one.claim.state === 'left' || (one.claim.state === 'held' && isQuiet(one)))
    .filter(({ claim }) => claim.work !== null)
    .toSorted((a, b) => b.claim.token - a.claim.token)[0];
}
