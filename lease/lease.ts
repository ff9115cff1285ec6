import { AnnyError } from '../operation/errors.ts';
import type { Proof } from '../operation/step.ts';
import { type Claim, prefixOf, readClaim, type WrittenClaim } from './claim.ts';
import type { LeasePorts } from './look.ts';
import { type Moment, mayHavePassed, momentOf } from './moment.ts';
import { nextToken } from './token.ts';

const BEAT_MS = 10_000;
const BEAT_AGAIN_MS = 2_000;
/** Others wait 10 s longer before they take over: what is under way may end. */
const TRUST_MS = 20_000;
/** A holder that has been asleep tries so long to learn whether it still is one. */
const WAKE_MS = 10_000;
/** So long after it has been asleep, somebody may be taking its claim away who saw that it had expired, and not that it is back. */
const WARY_MS = 30_000;
const TAKEN = 'its claim is gone from the account: somebody has taken over';

/** A scope that nobody else works on, as long as it is kept up. */
export interface Lease extends Proof {
  /** The command that was interrupted last on this scope. */
  readonly left: WrittenClaim | undefined;
  /** Somebody else has taken over, for sure. */
  isTaken(): Promise<boolean>;
  /** Writes down what is being done, for whoever may have to go on with it. */
  write(work: unknown): Promise<void>;
  /** What earlier commands left is done with, or given up. */
  forgetLeft(): Promise<void>;
  /** All is done: nothing is kept. */
  release(): Promise<void>;
  /** Gives up in the middle: the next one is told what to go on with. */
  leave(): Promise<void>;
}

/** Keeps a held claim alive until it is released, left or lost. */
export function keep(
  ports: LeasePorts,
  held: WrittenClaim & { readonly scope: string; readonly writtenAt: Moment },
  left: WrittenClaim | undefined,
): Lease {
  const { cloud, clock } = ports;
  const stop = new AbortController();
  let { claim } = held;
  let goodAt = held.writtenAt;
  let wokeAt: Moment | undefined;
  let lost = false;
  let writing: Promise<void> = Promise.resolve();
  const age = (): number => mayHavePassed(clock, goodAt);
  const put = (change: Partial<Claim> = {}): Promise<void> => {
    const next = writing
      .catch(() => undefined)
      .then(async () => {
        if (lost) throw leaseLost(claim, 'its claim is gone from the account');
        // Others count from when they saw the change, which is later: their time is never shorter than ours.
        const begun = momentOf(clock);
        const slept = age() >= TRUST_MS;
        const written: Claim = { ...claim, ...change, beat: claim.beat + 1, beatAt: begun.now };
        lost = !(await cloud.writeNote(held.id, JSON.stringify(written)));
        if (lost) throw leaseLost(claim, 'its claim is gone from the account');
        claim = written;
        goodAt = begun;
        if (slept) wokeAt = begun;
      });
    writing = next;
    return next;
  };
  const beatOn = async (): Promise<void> => {
    for (let pause = BEAT_MS; !lost; ) {
      await clock.sleep(pause, stop.signal);
      if (stop.signal.aborted) return;
      pause = await put().then(
        () => BEAT_MS,
        () => BEAT_AGAIN_MS,
      );
    }
  };
  const wary = (): boolean => wokeAt !== undefined && mayHavePassed(clock, wokeAt) < WARY_MS;
  /** One that has not been heard of for a while tries to be, before anything is done in its name. */
  const renew = async (): Promise<void> => {
    if (lost || (!wary() && age() < BEAT_MS + BEAT_AGAIN_MS)) return;
    const asked = new AbortController();
    await Promise.race([put().catch(() => undefined), clock.sleep(Math.max(WAKE_MS, TRUST_MS - age()), asked.signal)]);
    asked.abort();
  };
  const end = async (): Promise<void> => {
    stop.abort();
    await writing.catch(() => undefined);
  };
  void beatOn();
  return {
    left,
    get token() {
      return claim.token;
    },
    isTaken: async () => {
      await renew();
      return lost;
    },
    refuseWhenTaken: async () => {
      await renew();
      if (lost) throw leaseLost(claim, TAKEN);
    },
    require: async () => {
      await renew();
      if (lost) throw leaseLost(claim, TAKEN);
      if (age() >= TRUST_MS) {
        throw leaseLost(claim, `its claim could not be renewed for ${Math.round(age() / 1000)} s`);
      }
    },
    write: (work) => put({ work }),
    outbid: (known) => put({ token: nextToken(clock, known) }),
    forgetLeft: async () => {
      const written = left === undefined ? [] : await cloud.notes(prefixOf(held.scope));
      for (const { id, text } of written) {
        if (id !== held.id && readClaim(text)?.state === 'left') await cloud.deleteNote(id);
      }
    },
    release: async () => {
      await end();
      if (!lost) await cloud.deleteNote(held.id);
    },
    leave: async () => {
      await end();
      // Who had nothing in hand leaves nothing to go on with.
      if (!lost && claim.work === null) await cloud.deleteNote(held.id);
      else if (!lost) await put({ state: 'left' });
    },
  };
}

function leaseLost({ command }: Claim, found: string): AnnyError {
  return new AnnyError('LEASE_LOST', {
    doing: command,
    found,
    next: 'it has stopped and taken nothing back; anny-bluegreen status says what is there and what to do',
  });
}
