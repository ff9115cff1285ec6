import type { NoteId } from '../cloud/cloud.ts';
import { type Claim, nameOf, type WrittenClaim } from './claim.ts';
import { highestToken, lastLeft, type Sighting } from './decide.ts';
import { keep, type Lease } from './lease.ts';
import type { LeasePorts } from './look.ts';
import { mayHavePassed, momentOf } from './moment.ts';
import { nextToken } from './token.ts';

/** Well within the expiry. */
const BEAT_MS = 8_000;

/** What is to be held, by whom, and why. */
export interface Claimant {
  readonly scope: string;
  readonly operation: string;
  readonly command: string;
  readonly reason: string;
}

/** Our own claim while we wait. */
export interface Claiming {
  own(): NoteId | undefined;
  claim(): Promise<void>;
  /** Says now and then that we still wait; notices when somebody took the claim away. */
  beat(): Promise<void>;
  withdraw(): Promise<void>;
  /** undefined: the claim was taken away meanwhile. */
  take(seen: readonly Sighting[]): Promise<Lease | undefined>;
}

export function openClaiming(ports: LeasePorts, wish: Claimant): Claiming {
  const { cloud, clock, here } = ports;
  const { operation, command, reason } = wish;
  const { user, host, process } = here;
  const begun = clock.now();
  let written: WrittenClaim | undefined;
  let beatAt = momentOf(clock);
  const fresh = (): Claim => {
    const now = clock.now();
    const work = { operation, command, reason, user, host, process, work: null };
    return { ...work, since: begun, beatAt: now, beat: 0, token: nextToken(clock, 0), state: 'waiting' };
  };
  const rewrite = async (id: NoteId, claim: Claim): Promise<boolean> => {
    beatAt = momentOf(clock);
    const there = await cloud.writeNote(id, JSON.stringify(claim));
    written = there ? { id, claim } : undefined;
    return there;
  };
  return {
    own: () => written?.id,
    claim: async () => {
      const claim = fresh();
      beatAt = momentOf(clock);
      const id = await cloud.createNote(nameOf(wish.scope, operation), JSON.stringify(claim));
      written = { id, claim };
    },
    beat: async () => {
      if (written === undefined || mayHavePassed(clock, beatAt) < BEAT_MS) return;
      const { id, claim } = written;
      await rewrite(id, { ...claim, beat: claim.beat + 1, beatAt: clock.now() });
    },
    withdraw: async () => {
      const id = written?.id;
      written = undefined;
      if (id !== undefined) await cloud.deleteNote(id);
    },
    take: async (seen) => {
      // Who slept over the answer may have been taken for gone meanwhile, and asks again.
      while (written !== undefined) {
        const { id, claim } = written;
        const writtenAt = momentOf(clock);
        const token = nextToken(clock, highestToken(seen));
        const times = { since: writtenAt.now, beatAt: writtenAt.now, beat: claim.beat + 1 };
        const held: Claim = { ...claim, state: 'held', token, ...times };
        const there = await rewrite(id, held);
        if (there && mayHavePassed(clock, writtenAt) < BEAT_MS) {
          return keep(ports, { id, claim: held, scope: wish.scope, writtenAt }, lastLeft(seen));
        }
      }
      return undefined;
    },
  };
}
