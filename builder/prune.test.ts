import { describe, expect, test } from 'vitest';
import type { SnapshotId } from '../cloud/cloud.ts';
import { usd } from '../cloud/money.ts';
import { pricesOf } from '../cloud/prices.ts';
import { configSchema } from '../config/schema.ts';
import type { Image } from './catalog.ts';
import { inQuestion, judgeForPrune, keptOf, type PruneJudgement } from './prune.ts';
import { pruneText } from './prune-text.ts';
import { type Whose, whoseAre } from './whose.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 5, 1);

function image(name: string, letter: string, daysOld: number, more: Partial<Image> = {}): Image {
  return {
    snapshotId: `${name}-${letter}` as SnapshotId,
    ...{ name, digest: letter.repeat(64), stage: 'tested', parent: 'os', operation: 'op', complete: true },
    ...{ createdAt: new Date(NOW - daysOld * DAY_MS).toISOString(), sizeBytes: 25e9, storedBytes: 2e9 },
    ...more,
  };
}

const NOBODY_SAYS: Whose = new Map();
const rulesOf = (keep: number) => ({ keep, olderThanMs: 30 * DAY_MS, nowMs: NOW });

/** Snapshots that may go. Images come newest first, as the account's are listed. */
function goes(images: readonly Image[], tags: readonly string[][] = [], keep = 1, from?: string): string[] {
  const snapshotId = from as SnapshotId | undefined;
  const instances = tags.map((own, index) => ({ label: `machine-${index}`, tags: own, snapshotId }));
  return gone(judgeForPrune(images, NOBODY_SAYS, instances, rulesOf(keep)));
}

function gone(judged: readonly PruneJudgement[]): string[] {
  return judged.filter(({ stays }) => stays === undefined).map(({ image: { snapshotId } }) => snapshotId);
}

describe('prune lets go', () => {
  const newest = image('anny', 'a', 1);

  test('an old image that nothing was made from and nothing stands on', () => {
    expect(goes([newest, image('anny', 'b', 40)])).toEqual(['anny-b']);
  });

  test.each<[string, Image, string[][]]>([
    ['of which a machine was made, whatever its stage', image('anny', 'b', 40), [['anny', `image=${'b'.repeat(12)}`]]],
    ['that is young', image('anny', 'b', 29), []],
    ['that a bake may be at', image('anny', 'b', 40, { stage: 'candidate' }), []],
    ['that is not complete', image('anny', 'b', 40, { complete: false }), []],
  ])('no image %s', (_what, other, tags) => {
    expect(goes([newest, other], tags)).toEqual([]);
  });

  test('of a digest that was baked several times those snapshots that no machine was made from', () => {
    const twice = [newest, image('anny', 'b', 40), image('anny', 'b', 47, { snapshotId: 'earlier' as SnapshotId })];
    const used = [['anny', `image=${'b'.repeat(12)}`]];
    expect(goes(twice, used, 1, 'earlier')).toEqual(['anny-b']);
    expect(goes(twice, used, 1, 'one that is gone')).toEqual([]);
  });

  test('no image that a bake stands on', () => {
    const baking = [['anny', 'kind=bake', `image=${'c'.repeat(12)}`]];
    expect(goes([newest, image('base', 'e', 2), image('base', 'f', 50)], baking, 1, 'base-f')).toEqual([]);
  });

  test('never the newest of a name, however old and whatever else is kept: recovery takes it', () => {
    expect(goes([image('anny', 'a', 400), image('other', 'b', 500)])).toEqual([]);
  });

  test('as few as are to be kept of each name', () => {
    const all = [newest, image('anny', 'b', 40), image('anny', 'c', 50), image('anny', 'd', 60)];
    expect(goes(all, [], 3)).toEqual(['anny-d']);
  });

  test('nothing that a kept image stands on, through all parents, and the rest of that lineage', () => {
    const on = (letter: string) => ({ parent: letter.repeat(12) });
    const all = [
      newest,
      image('base', 'e', 2),
      image('anny', 'b', 40, on('f')),
      image('mid', 'f', 50, on('1')),
      image('mid', '2', 51, on('3')),
      image('root', '1', 60),
      image('root', '3', 61),
    ];
    const used = [['anny', `image=${'b'.repeat(12)}`]];
    expect(goes(all, used)).toEqual(['mid-2', 'root-3']);
    expect(goes(all)).toEqual(['anny-b', 'mid-2', 'root-3']);
  });
});

describe('of an account that environments share', () => {
  /** Newest first, 40 days and older: "p2" is production's, "s1" staging's, "u1" nobody says whose. */
  const old = (...names: string[]): Image[] =>
    names.map((name, index) => image('anny', `${index}`, 40 + index, { snapshotId: name as SnapshotId }));
  const ENVIRONMENTS: Record<string, string> = { p: 'production', s: 'staging' };
  const judge = async (names: readonly string[], keep = 2): Promise<readonly PruneJudgement[]> => {
    const images = old(...names);
    const whose = await whoseAre(images, async ({ snapshotId }) => ENVIRONMENTS[snapshotId.slice(0, 1)]);
    return judgeForPrune(images, whose, [], rulesOf(keep));
  };

  test('the newest of each stay, also of one that has no machine, however many others there are', async () => {
    const judged = await judge(['p5', 'p4', 'p3', 's3', 'p2', 's2', 's1', 'p1']);
    expect(gone(judged)).toEqual(['p3', 'p2', 's1', 'p1']);
    expect(judged.find(({ image }) => `${image.snapshotId}` === 's3')?.stays).toBe(
      'it is the newest anny for staging: the next bake, release or recovery takes it',
    );
    expect(judged.find(({ image }) => `${image.snapshotId}` === 's2')?.stays).toBe(
      'it is among the newest 2 of anny for staging',
    );
  });

  test('one that nothing says whose it is stays as long as some environment has too few newer ones', async () => {
    expect(gone(await judge(['p4', 'p3', 'p2', 's2', 'u1']))).toEqual(['p2']);
    expect(gone(await judge(['p4', 'p3', 'p2', 's2', 's1', 'u1']))).toEqual(['p2', 'u1']);
    expect(gone(await judge(['p4', 'p3', 'u2', 's2', 'u1']))).toEqual(['u1']);
    const [, , third] = await judge(['p4', 'p3', 'u2', 's2']);
    expect(third?.stays).toBe('nothing says whose it is: it may be among the newest 2 of anny');
  });

  test('and takes no place of what is known to be of one', async () => {
    expect(gone(await judge(['u3', 'u2', 'u1', 'p2', 'p1']))).toEqual(['u1']);
  });

  test('without any that say so they count as those of one', async () => {
    expect(gone(await judge(['u4', 'u3', 'u2', 'u1']))).toEqual(['u2', 'u1']);
  });

  test('nobody is asked whose an image is where it decides nothing', () => {
    const few = [image('base', '9', 50), ...old('p2', 's1')];
    expect(inQuestion(few, [], rulesOf(2))).toEqual([]);
    const many = [image('base', '9', 50), ...old('p2', 's1', 'p1')];
    expect(inQuestion(many, [], rulesOf(2))).toEqual(many.slice(1));
  });

  test('whose each is stands in its line, and in none where all are of one', async () => {
    const prices = pricesOf(configSchema.parse({}));
    const shared = pruneText(await judge(['p2', 's1', 'u1']), prices, 60).split('\n');
    expect(shared[0]).toMatch(/ {2}p2 {2}production$/);
    expect(shared.slice(1, 3)).toEqual([
      '       it is the newest anny for production: the next bake,',
      '       release or recovery takes it',
    ]);
    expect(shared[3]).toMatch(/ {2}s1 {2}staging$/);
    expect(shared[6]).toMatch(/ {2}u1 {2}[?]$/);
    expect(shared[7]).toMatch(/^ {7}nothing says whose it is/);
    const baking = { image: image('anny', 'c', 0, { stage: 'candidate' }), environment: undefined, stays: 'no' };
    expect(pruneText([baking, ...(await judge(['p2', 'p1']))], prices, 80)).not.toMatch(/production|[?]/);
  });
});

test('what is paid for is what is kept of an image, not its whole disk', () => {
  const prices = pricesOf(configSchema.parse({}));
  expect(keptOf([image('anny', 'a', 1), image('anny', 'b', 1)], prices)).toEqual({ bytes: 4e9, monthly: usd(0.2) });
});

test('prune says what goes, what that saves, and what the rest goes on costing', () => {
  const judged = [
    { image: image('anny', 'a', 1), environment: undefined, stays: 'it is the newest anny' },
    { image: image('anny', 'b', 40, { storedBytes: 2_130_000_000 }), environment: undefined, stays: undefined },
  ];
  const text = pruneText(judged, pricesOf(configSchema.parse({ prices: { snapshot_gb: 0.1 } })), 80);
  expect(text).toContain('frees 2.1 GB, saves $0.213 a month');
  expect(text).toContain('what stays, 2.0 GB, costs $0.20 a month');
});
