import { describe, expect, test } from 'vitest';
import { noteStore } from '../test/cloud/note-store.ts';
import type { Claim } from './claim.ts';
import { interruptedIn, listClaims, runningIn } from './list.ts';

const NOW = 1_800_000_000_000;

/** A claim that was held, written by a clock that is ahead; `beats` for as long as its writer lives. */
function scene(aheadMs: number, beats: boolean) {
  const notes = noteStore();
  let now = NOW;
  const claim = (beat: number): Claim => ({
    ...{ operation: 'one', command: 'promote', reason: '', user: 'ann', host: 'laptop', since: NOW + aheadMs },
    process: { pid: 1, startedAt: '', home: 'laptop' },
    ...{ beatAt: now + aheadMs, beat, token: 1, state: 'held', work: { command: 'promote' } },
  });
  const id = notes.create('anny-lease/test/one', JSON.stringify(claim(1)));
  const clock = {
    now: () => now,
    uptime: () => now,
    randomHex: () => '',
    sleep: async (ms: number) => {
      now += ms;
      if (beats && now - NOW >= 10_000) notes.write(id, JSON.stringify(claim(2)));
    },
  };
  const cloud = {
    notes: async (prefix: string) => notes.list(prefix),
    createNote: async () => notes.create('', ''),
    writeNote: async () => undefined,
    deleteNote: async () => undefined,
  };
  const here = { user: '', host: '', process: { pid: 2, startedAt: '', home: 'here' }, isGone: async () => false };
  return { list: () => listClaims({ cloud, clock, here }, 'test'), waitedMs: () => now - NOW };
}

describe('a claim that was written in the future', () => {
  test('is of somebody who is gone when nothing changes while it is watched', async () => {
    const { list, waitedMs } = scene(300_000, false);
    const claims = await list();
    expect(runningIn(claims)).toBeUndefined();
    expect(interruptedIn(claims)).toMatchObject({ claim: { operation: 'one' } });
    expect(waitedMs()).toBe(30_000);
  });

  test('is of a command that runs when it is renewed, which is seen at once', async () => {
    const { list, waitedMs } = scene(300_000, true);
    expect(runningIn(await list())).toMatchObject({ claim: { operation: 'one' } });
    expect(waitedMs()).toBe(10_000);
  });

  test('is taken at its word where the clocks differ by little', async () => {
    const { list, waitedMs } = scene(20_000, false);
    expect(runningIn(await list())).toBeDefined();
    expect(waitedMs()).toBe(0);
  });
});
