import { AnnyError } from '../operation/errors.ts';
import type { Report } from '../operation/report.ts';
import { bury } from './bury.ts';
import { prefixOf } from './claim.ts';
import { describeClaim, describeFreshness } from './claim-text.ts';
import { type Claimant, type Claiming, openClaiming } from './claiming.ts';
import { type Decision, decide, liveClaims, mayClaim, type Sighting } from './decide.ts';
import type { Lease } from './lease.ts';
import { type LeasePorts, openLookout } from './look.ts';
import { momentOf, passedForSure } from './moment.ts';

export interface LeaseWish extends Claimant {
  /** How long somebody else is waited for; longer than the expiry, so that one who is gone is always taken over. */
  readonly waitMs: number;
  readonly report: Report;
  readonly interrupt: AbortSignal;
}

const POLL_MS = 1_000;

/** Waits until nobody else works on the scope, and holds it. @throws {AnnyError} LEASE_HELD after `waitMs`. */
export async function acquire(ports: LeasePorts, wish: LeaseWish): Promise<Lease> {
  const claiming = openClaiming(ports, wish);
  try {
    return await waitToHold(ports, wish, claiming);
  } catch (error) {
    await claiming.withdraw().catch(() => undefined);
    throw error;
  }
}

async function waitToHold(ports: LeasePorts, wish: LeaseWish, claiming: Claiming): Promise<Lease> {
  const { clock } = ports;
  const lookout = openLookout(ports, prefixOf(wish.scope));
  const begun = momentOf(clock);
  const tell = teller(wish.report);
  for (let seen: readonly Sighting[] = []; ; seen = await lookout.look()) {
    if (wish.interrupt.aborted) throw interrupted(wish);
    const own = claiming.own();
    if (own === undefined && mayClaim(seen)) {
      await claiming.claim();
      continue;
    }
    const decision = own === undefined ? undefined : decide(seen, own);
    if (decision?.kind === 'take') {
      const lease = await claiming.take(seen);
      if (lease !== undefined) return lease;
    } else if (decision?.kind === 'bury') {
      await bury(ports, wish.scope, decision.expired);
      // A list may lag behind.
      await clock.sleep(POLL_MS / 4, wish.interrupt);
    } else {
      const inTheWay = whoIsInTheWay(seen, decision, own);
      tell(inTheWay);
      if (passedForSure(clock, begun) >= wish.waitMs) throw leaseHeld(wish, inTheWay);
      if (decision?.kind === 'withdraw') await claiming.withdraw();
      // With chance in it, so that those who came together do not come together again.
      await clock.sleep(POLL_MS / 2 + POLL_MS * chance(ports), wish.interrupt);
      await claiming.beat();
    }
  }
}

function whoIsInTheWay(
  seen: readonly Sighting[],
  decision: Decision | undefined,
  own: Sighting['id'] | undefined,
): Sighting | undefined {
  if (decision !== undefined && 'for' in decision) return decision.for;
  return liveClaims(seen).find(({ id }) => id !== own);
}

/** Says at once for whom one waits, and again only when that is somebody else. */
function teller(report: Report): (inTheWay: Sighting | undefined) => void {
  let told = '';
  return (inTheWay) => {
    if (inTheWay === undefined || told === describeClaim(inTheWay.claim)) return;
    told = describeClaim(inTheWay.claim);
    report.note(`waiting for ${told}`);
  };
}

function chance({ clock }: LeasePorts): number {
  return Number.parseInt(clock.randomHex(2), 16) / 0xffff;
}

function leaseHeld(wish: LeaseWish, by: Sighting | undefined): AnnyError {
  const who = by === undefined ? 'others who come and go' : `${describeClaim(by.claim)}, ${describeFreshness(by)}`;
  return new AnnyError('LEASE_HELD', {
    doing: `${wish.command} in ${wish.scope}`,
    found: `after ${Math.round(wish.waitMs / 1000)} s it is still held by ${who}`,
    next: 'wait for it (--lock-wait 10m waits longer); anny-bluegreen lock list shows who is there, lock release takes it away from somebody who is gone',
  });
}

function interrupted({ command }: LeaseWish): AnnyError {
  return new AnnyError('INTERRUPTED', {
    doing: command,
    found: 'you stopped it while it waited for its turn',
    next: 'nothing was changed; run it again when you like',
  });
}
