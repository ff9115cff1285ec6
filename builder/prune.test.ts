import { describe, expect, test } from 'vitest';
import type { SnapshotId } from '../cloud/cloud.ts';
import type { Image } from './catalog.ts';
import { judgeForPrune, savingOf } from './prune.ts';

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

/** Snapshots that may go. Images come newest first, as the account's are listed. */
function goes(images: readonly Image[], tags: readonly string[][] = [], keep = 1): string[] {
  const instances = tags.map((own, index) => ({ label: `machine-${index}`, tags: own }));
  return judgeForPrune(images, instances, { keep, olderThanMs: 30 * DAY_MS, nowMs: NOW })
    .filter(({ stays }) => stays === undefined)
    .map(({ image: { snapshotId } }) => snapshotId);
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

test('what goes frees what is kept of it, not its whole disk', () => {
  expect(savingOf([image('anny', 'a', 1), image('anny', 'b', 1)])).toEqual({ bytes: 4e9, monthlyUsd: 0.2 });
});
