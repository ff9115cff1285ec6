import { describe, expect, test } from 'vitest';
import { answering, backupOf, IMAGE, NOW_SECONDS, seen, silent } from '../test/simulation/example-releases.ts';
import { age } from './age.ts';
import type { Backup } from './backups.ts';
import type { Plan } from './plan.ts';
import { planPromote } from './plan-promote.ts';
import { planRestore } from './plan-restore.ts';
import { planRollback } from './plan-rollback.ts';
import type { Answering, Silent } from './release.ts';
import { judge } from './situation.ts';

type Machines = readonly (Answering | Silent)[];
/** By a release and a writer whose order says nothing, so that clocks decide. */
const BACKUP = { ...backupOf(2, NOW_SECONDS - 3_600), name: 'newest', generation: 1 };
const DAY = 86_400;

const promote = (machines: Machines, again = false): Plan =>
  planPromote(judge(seen(machines)), { image: IMAGE, again });
const rollback = (machines: Machines, loseWrites = false, to?: string): Plan =>
  planRollback(judge(seen(machines)), { to, loseWrites, nowSeconds: NOW_SECONDS });
const restore = (
  machines: Machines,
  wish: { loseWrites?: boolean; backup?: string; backups?: readonly Backup[] } = {},
): Plan =>
  planRestore(judge(seen(machines)), {
    image: IMAGE,
    backups: wish.backups ?? [BACKUP],
    backup: wish.backup,
    loseWrites: wish.loseWrites ?? false,
    nowSeconds: NOW_SECONDS,
    staleAfterSeconds: DAY,
  });

const refused = (plan: () => Plan): unknown => {
  try {
    return plan();
  } catch (error) {
    return error;
  }
};

describe('promote', () => {
  test('brings up the first release as blue', () => {
    expect(promote([])).toMatchObject({ action: 'first', slot: 'blue', reuse: undefined, clear: [] });
  });

  test('begins with nothing only by who says so, where machines that are gone have left a backup', () => {
    const empty = judge(seen([]));
    const wish = { image: IMAGE, again: false, left: { release: 'green-2', ageSeconds: 120 } };
    expect(refused(() => planPromote(empty, wish))).toMatchObject({
      code: 'WOULD_LOSE_WRITES',
      found: expect.stringContaining('a backup of green-2, 120 s old'),
      next: expect.stringContaining('anny-bluegreen restore'),
    });
    expect(planPromote(empty, { ...wish, withoutBackup: true })).toMatchObject({ action: 'first' });
  });

  test('goes to the other slot, and from the live release', () => {
    const writer = answering(1, 'writer');
    expect(promote([writer])).toMatchObject({ action: 'promote', from: writer, slot: 'green' });
  });

  test('does nothing when the live release has the image, unless it is told to', () => {
    const writer = answering(1, 'writer', {}, { image: IMAGE.digest.slice(0, 12) });
    expect(promote([writer])).toMatchObject({ action: 'none', writer });
    expect(promote([writer], true)).toMatchObject({ action: 'promote' });
  });

  test('uses a candidate with this image and clears the other strays', () => {
    const fits = answering(2, 'candidate', {}, { image: IMAGE.digest.slice(0, 12), stage: 'candidate' });
    const old = answering(3, 'candidate', {}, { stage: 'candidate' });
    expect(promote([answering(1, 'writer'), fits, old])).toMatchObject({ reuse: fits, slot: 'green', clear: [old] });
  });

  test('uses a candidate that had taken over beside a live writer: its data is replaced', () => {
    const took = answering(
      2,
      'candidate',
      { takeover: { from: '10.0.0.1', at: 1 } },
      { image: IMAGE.digest.slice(0, 12) },
    );
    expect(promote([answering(1, 'writer'), took])).toMatchObject({ reuse: took, clear: [] });
  });

  test('refuses in the dark, and with two writers', () => {
    expect(refused(() => promote([silent(1)]))).toMatchObject({ code: 'NOTHING_LIVE' });
    expect(refused(() => promote([answering(1, 'writer'), answering(2, 'writer')]))).toMatchObject({
      code: 'TWO_WRITERS',
    });
  });
});

describe('rollback', () => {
  const standby = answering(1, 'relay', { relayTo: '10.0.0.2', since: NOW_SECONDS - 95 });
  const writer = answering(2, 'writer');

  test('hands over to the newest standby, or the named one', () => {
    const newest = answering(3, 'relay', { relayTo: '10.0.0.2' });
    expect(rollback([standby, newest, writer])).toMatchObject({ action: 'rollback', to: newest, standbys: [standby] });
    expect(rollback([standby, newest, writer], false, 'blue-1')).toMatchObject({ to: standby, standbys: [newest] });
  });

  test('refuses to lose writes without consent, and says how many seconds of them', () => {
    expect(refused(() => rollback([standby, silent(2)]))).toMatchObject({ code: 'WOULD_LOSE_WRITES' });
    expect(String(refused(() => rollback([standby, silent(2)])))).toContain('95 s ago');
  });

  test('falls back with consent, and fences every machine that cannot be asked', () => {
    const [dead, unmarked] = [silent(2), silent(4, { stage: 'candidate' })];
    const plan = rollback([standby, dead, unmarked], true);
    expect(plan).toMatchObject({ action: 'fall-back', to: standby, fence: [dead, unmarked], lostSeconds: 95 });
  });

  test('names what to do instead when there is no standby', () => {
    expect(refused(() => rollback([writer]))).toMatchObject({
      code: 'NOTHING_LIVE',
      next: expect.stringContaining('promote'),
    });
  });
});

describe('writes that came back with a machine that had been given up', () => {
  const since = NOW_SECONDS - 9_000;
  const fenced = answering(1, 'fenced', { since: NOW_SECONDS - 60 }, { lacksSince: since, stage: 'standby' });

  test('are lost as well when one that lacks them serves again, whatever it does now', () => {
    expect(rollback([fenced, silent(2)], true, 'blue-1')).toMatchObject({ action: 'take-back', lostSeconds: 9_000 });
    const standby = answering(3, 'relay', { since: NOW_SECONDS - 60 }, { lacksSince: since });
    expect(rollback([standby, silent(2)], true)).toMatchObject({ action: 'fall-back', lostSeconds: 9_000 });
  });

  test('are lost with a backup of that time, and are in those that were made after it', () => {
    expect(restore([fenced, silent(2)])).toMatchObject({ lostSeconds: 9_000, lostSince: since });
    const backups = (at: number) => ({ backups: [{ ...BACKUP, at }] });
    expect(restore([fenced, silent(2)], backups(NOW_SECONDS - 30))).toMatchObject({ lostSeconds: 30 });
    expect(restore([fenced, silent(2)], backups(since - 60))).toMatchObject({ lostSeconds: 9_060 });
    const behind = { now: NOW_SECONDS - 7_200, since: NOW_SECONDS - 7_260 };
    const slow = answering(1, 'fenced', behind, { lacksSince: since, stage: 'standby' });
    expect(restore([slow, silent(2)], backups(NOW_SECONDS - 100))).toMatchObject({ lostSeconds: 9_000 });
  });
});

describe('restore', () => {
  test('takes no machine for dead that does not let this key in, unless it is told to', () => {
    const shut = { ...silent(1), keyRefused: true } as const;
    expect(refused(() => restore([shut]))).toMatchObject({
      code: 'WOULD_LOSE_WRITES',
      next: expect.stringContaining('infra.ssh_private_key'),
    });
    expect(restore([shut], { loseWrites: true })).toMatchObject({ action: 'restore', fence: [shut] });
    expect(refused(() => promote([shut]))).toMatchObject({
      code: 'NOTHING_LIVE',
      next: expect.not.stringContaining('restore'),
    });
  });

  test('refuses while a live release answers, and fences it when told to', () => {
    const writer = answering(1, 'writer');
    expect(refused(() => restore([writer]))).toMatchObject({ code: 'WOULD_LOSE_WRITES' });
    expect(restore([writer], { loseWrites: true })).toMatchObject({
      action: 'restore',
      fence: [writer],
      slot: 'green',
    });
  });

  test('fences what cannot be asked and takes the newest backup', () => {
    const dead = silent(1);
    expect(restore([dead])).toMatchObject({ action: 'restore', fence: [dead], backup: BACKUP, lostSeconds: 3_600 });
  });

  test('fences a silent machine that was never marked, instead of destroying it', () => {
    const unmarked = silent(2, { stage: 'candidate' });
    expect(restore([silent(1), unmarked])).toMatchObject({ fence: [silent(1), unmarked], clear: [] });
    // All that could tell that it took over may be gone.
    expect(restore([unmarked])).toMatchObject({ fence: [unmarked], clear: [] });
  });

  test('refuses a backup that is older than a standby, unless it is named', () => {
    const machines = [answering(1, 'relay', { relayTo: '10.0.0.2', since: NOW_SECONDS - 60 }), silent(2)];
    expect(refused(() => restore(machines))).toMatchObject({ code: 'WOULD_LOSE_WRITES' });
    expect(restore(machines, { backup: 'newest' })).toMatchObject({ action: 'restore' });
  });

  test('tells by ages what is newer: a standby whose clock is behind is no older for it', () => {
    const behind = { relayTo: '10.0.0.2', now: NOW_SECONDS - 7_200, since: NOW_SECONDS - 7_260 };
    expect(refused(() => restore([answering(1, 'relay', behind), silent(2)]))).toMatchObject({
      code: 'WOULD_LOSE_WRITES',
    });
    const ahead = { relayTo: '10.0.0.2', now: NOW_SECONDS + 7_200, since: NOW_SECONDS };
    expect(restore([answering(1, 'relay', ahead), silent(2)])).toMatchObject({ action: 'restore' });
    expect(rollback([answering(1, 'relay', behind), silent(2)], true)).toMatchObject({ lostSeconds: 60 });
  });

  test('goes on with a machine that had taken over, with consent: the old one may have written since', () => {
    const heir = answering(2, 'candidate', { takeover: { from: '10.0.0.1', at: NOW_SECONDS - 600 } });
    expect(refused(() => restore([silent(1), heir]))).toMatchObject({ code: 'WOULD_LOSE_WRITES' });
    const plan = restore([silent(1), heir], { loseWrites: true });
    expect(plan).toMatchObject({ action: 'take-over', to: heir, fence: [silent(1)], lostSeconds: 700 });
  });

  test('does not go on with one that had taken over before a backup or a standby was made', () => {
    const stale = answering(2, 'candidate', { takeover: { from: '10.0.0.1', at: NOW_SECONDS - 7_200 } });
    expect(restore([silent(1), stale])).toMatchObject({ action: 'restore', clear: [stale] });
  });

  test('tells by the order of writers what is newer, whatever the clocks say', () => {
    const standby = answering(2, 'relay', { relayTo: '10.0.0.3', since: NOW_SECONDS - 60 });
    const [own, later] = [backupOf(2, NOW_SECONDS + 600), backupOf(3, NOW_SECONDS - 600)];
    expect(refused(() => restore([standby, silent(3)], { backups: [own] }))).toMatchObject({
      code: 'WOULD_LOSE_WRITES',
    });
    expect(restore([standby, silent(3)], { backups: [later, own] })).toMatchObject({
      action: 'restore',
      backup: later,
    });
  });

  test('comes after every writer that a backup tells of', () => {
    const backups = [backupOf(9, NOW_SECONDS - 60), backupOf(4, NOW_SECONDS - 30)];
    expect(restore([silent(1)], { backups, backup: backups[1]?.name ?? '' })).toMatchObject({ after: 9 });
  });

  test('refuses a stale backup, unless it is named or told to', () => {
    const [stale] = [backupOf(1, NOW_SECONDS - 2 * DAY)];
    expect(refused(() => restore([silent(1)], { backups: [stale] }))).toMatchObject({
      code: 'WOULD_LOSE_WRITES',
      found: expect.stringContaining('the newest is 48 h old, and backup.stale_after is 24 h'),
    });
    expect(restore([silent(1)], { backups: [stale], loseWrites: true })).toMatchObject({ backup: stale });
    expect(restore([silent(1)], { backups: [stale], backup: stale.name })).toMatchObject({ backup: stale });
  });

  test('says so when there is no backup', () => {
    expect(refused(() => restore([silent(1)], { backups: [] }))).toMatchObject({ code: 'BACKUP_MISSING' });
    expect(refused(() => restore([silent(1)], { backup: 'other' }))).toMatchObject({ code: 'BACKUP_MISSING' });
  });
});

test('no plan is made over a handover that is cut off after its commit', () => {
  const machines = [answering(1, 'relay', { relayTo: '10.0.0.2' }), answering(2, 'candidate')];
  for (const plan of [() => promote(machines), () => rollback(machines), () => restore(machines)]) {
    expect(refused(plan)).toMatchObject({ code: 'UNFINISHED' });
  }
});

test.each([
  [-3, '0 s'],
  [95, '95 s'],
  [600, '10 min'],
  [7 * 3_600, '7 h'],
  [5 * 86_400, '5 d'],
])('%i seconds are told as %s', (seconds, text) => {
  expect(age(seconds)).toBe(text);
});
