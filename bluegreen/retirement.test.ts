import { describe, expect, test } from 'vitest';
import { answering, NOW_SECONDS, seen, silent } from '../test/simulation/example-releases.ts';
import type { Answering, Silent } from './release.ts';
import { dueStandbys, namedForRetirement } from './retirement.ts';
import { judge } from './situation.ts';

const rules = { windowSeconds: 300, ttlSeconds: 60 };
const writer = answering(3, 'writer');
const newest = answering(2, 'relay', { relayTo: writer.address });

type Status = Parameters<typeof answering>[2];
const older = (status: Status = {}): Answering => answering(1, 'relay', { relayTo: writer.address, ...status });

function look(machines: readonly (Answering | Silent)[], led = writer.address, ttlSeconds = 60) {
  const world = seen(machines, led);
  const live = judge(world);
  if (live.kind !== 'live') throw new Error(live.kind);
  const { record } = world;
  return { live, world: { ...world, record: record === undefined ? undefined : { ...record, ttlSeconds } } };
}

/** What is said of the older of two standbys. */
function due(status: Status = {}, ttlSeconds = 60): string | undefined {
  const { live, world } = look([writer, newest, older(status)], writer.address, ttlSeconds);
  return dueStandbys(world, live, rules).find(({ machine }) => machine.tags.release === 'blue-1')?.stays;
}

function named(machine: Answering | Silent, force: boolean, led = writer.address): string | undefined {
  const { live, world } = look([writer, newest, machine], led);
  return namedForRetirement(world, live, machine, { ...rules, force }).stays;
}

const relayed = { requests: 7, lastAt: NOW_SECONDS - 100, open: 0, writes: 3 };

describe('a standby', () => {
  test('may go when its window is over, nothing is under way, and the last request is older than the TTL', () => {
    expect(due()).toBeUndefined();
    expect(due({ relayed })).toBeUndefined();
  });

  test('stays within its window, by its own clock', () => {
    expect(due({ since: NOW_SECONDS - 299 })).toContain('its window lasts another 1 s');
    expect(due({ since: NOW_SECONDS - 299, now: NOW_SECONDS + 3_600 })).toBeUndefined();
  });

  test('stays while something is under way, also when nothing has ended for long', () => {
    expect(due({ relayed: { ...relayed, open: 1 } })).toContain('1 request right now');
    expect(due({ relayed: { ...relayed, open: -1 } })).toContain('does not say');
  });

  test('stays until a TTL has passed since the last request, by the longer of the two TTLs', () => {
    expect(due({ relayed: { ...relayed, lastAt: NOW_SECONDS - 59 } })).toContain('the last 59 s ago');
    expect(due({ relayed }, 3_600)).toContain('may keep its address for 60 min');
    expect(due({ since: NOW_SECONDS - 601 }, 3_600)).toContain('may keep its address');
  });

  test('stays when its data is newer than that of the writer', () => {
    expect(due({ generation: 9 })).toContain('newer');
  });

  test('stays as long as one name server leads to it, whatever is forced', () => {
    expect(named(older(), true, '10.0.0.1')).toContain('name still leads to it');
  });

  test('is kept as the way back when it is the newest; named, it may go', () => {
    const { live, world } = look([writer, newest, older()]);
    const all = dueStandbys(world, live, rules);
    expect(all.find(({ machine }) => machine === newest)?.stays).toContain('way back');
    expect(named(newest, false)).toBeUndefined();
  });
});

describe('a release that is named', () => {
  test('that never served may go at once', () => {
    expect(named(answering(4, 'candidate', {}, { stage: 'candidate' }), false)).toBeUndefined();
  });

  test('that does not answer, or was fenced, may go only by force or after its window', () => {
    expect(named(silent(4, { stage: 'standby' }), false)).toContain('does not answer');
    expect(named(silent(4, { stage: 'standby' }), true)).toBeUndefined();
    expect(named(answering(1, 'fenced', { since: NOW_SECONDS - 10 }), false)).toContain('window');
    expect(named(answering(1, 'writer', { app: off }, { stage: 'fenced' }), false)).toContain('took its place');
  });

  test('is needed for one that was fenced: it may hold writes that nothing else has', () => {
    const { live, world } = look([writer, newest, answering(1, 'fenced')]);
    expect(dueStandbys(world, live, rules).at(-1)?.stays).toContain('fenced');
  });
});

const off = { running: false, image: '', startedAt: '', restarts: 0 };
