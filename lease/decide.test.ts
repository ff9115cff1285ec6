import { describe, expect, test } from 'vitest';
import type { NoteId } from '../cloud/cloud.ts';
import type { Claim } from './claim.ts';
import { decide, EXPIRY_MS, highestToken, lastLeft, mayClaim, type Sighting } from './decide.ts';

const PROCESS = { pid: 1, startedAt: '1', home: 'here' };

function seen(operation: string, claim: Partial<Claim> = {}, rest: Partial<Sighting> = {}): Sighting {
  const since = { since: 0, beatAt: 0, beat: 0, token: 1, work: null } as const;
  const who = { user: 'ops', host: 'laptop', process: PROCESS, command: 'promote', reason: '' };
  return {
    id: operation as NoteId,
    claim: { operation, state: 'waiting', ...who, ...since, ...claim },
    unchangedMs: 0,
    gone: false,
    ...rest,
  };
}

const me = seen('me', { since: 5 });
const decided = (...others: Sighting[]) => decide([me, ...others], me.id);

describe('what a list of claims means', () => {
  test('alone: the scope may be taken', () => {
    expect(decided()).toEqual({ kind: 'take' });
  });

  test('what is left blocks nobody, however fresh', () => {
    expect(decided(seen('a', { state: 'left' }))).toEqual({ kind: 'take' });
  });

  test('somebody holds it: wait, and keep the claim', () => {
    const holder = seen('a', { state: 'held', since: 9 });
    expect(decided(holder, seen('b', { since: 1 }))).toEqual({ kind: 'wait', for: holder });
  });

  test('others wait as well: who came first stays, the others withdraw', () => {
    const earlier = seen('a', { since: 1 });
    const later = seen('b', { since: 9 });
    expect(decided(later)).toEqual({ kind: 'wait', for: later });
    expect(decided(later, earlier)).toEqual({ kind: 'withdraw', for: earlier });
    const sameTime = seen('a', { since: 5 });
    expect(decided(sameTime)).toEqual({ kind: 'withdraw', for: sameTime });
  });

  test('a claim that has not changed for its time, or whose process has ended, is in the way no more', () => {
    const expired = seen('a', { state: 'held' }, { unchangedMs: EXPIRY_MS });
    const gone = seen('b', { state: 'held' }, { gone: true });
    expect(decided(expired, gone)).toEqual({ kind: 'bury', expired: [expired, gone] });
    const almost = seen('a', { state: 'held' }, { unchangedMs: EXPIRY_MS - 1 });
    expect(decided(almost)).toEqual({ kind: 'wait', for: almost });
  });

  test('only who comes first buries, so that nothing is written twice', () => {
    const expired = seen('a', { state: 'held' }, { unchangedMs: EXPIRY_MS });
    const earlier = seen('b', { since: 1 });
    expect(decided(expired, earlier)).toEqual({ kind: 'withdraw', for: earlier });
  });

  test('a claim of another version is a holder until it has not changed for its time', () => {
    const foreign: Sighting = { id: 'x' as NoteId, claim: undefined, unchangedMs: 0, gone: false };
    expect(decided(foreign)).toEqual({ kind: 'wait', for: foreign });
    const still = { ...foreign, unchangedMs: EXPIRY_MS };
    expect(decided(still)).toEqual({ kind: 'bury', expired: [still] });
  });

  test('a claim of our own that is not listed takes nothing', () => {
    expect(decide([], me.id)).toEqual({ kind: 'unlisted' });
  });

  test('nobody joins those who wait for each other to withdraw; everybody may queue behind a holder', () => {
    expect(mayClaim([])).toBe(true);
    expect(mayClaim([seen('a')])).toBe(false);
    expect(mayClaim([seen('a'), seen('b', { state: 'held' })])).toBe(true);
    expect(mayClaim([seen('a', { state: 'held' }, { gone: true })])).toBe(true);
  });

  test('what was interrupted last has the highest token of those that are left', () => {
    const list = [
      seen('a', { state: 'left', token: 3, work: 1 }),
      seen('b', { state: 'left', token: 7, work: 1 }),
      seen('c', { token: 9 }),
      seen('d', { state: 'left', token: 8 }),
    ];
    expect(lastLeft(list)?.claim.operation).toBe('b');
    expect(highestToken(list)).toBe(9);
    expect(lastLeft([me])).toBeUndefined();
  });
});
