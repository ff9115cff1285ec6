import { describe, expect, test } from 'vitest';
import { release } from '../test/simulation/example-releases.ts';
import { otherSlot, releaseName, releasesIn } from './release.ts';
import { type ReleaseTags, readTags, tagsOf } from './tags.ts';

const written: ReleaseTags = { ...release(1).tags, hostKey: 'SHA256:abc=', stage: 'standby', keepUntil: 1_700_000_000 };
const instance = (tags: readonly string[]) => ({ ...release(1).instance, tags });

describe('the tags of an instance', () => {
  test('say everything that was written into them', () => {
    expect(readTags(instance(tagsOf(written)), 'test')).toEqual(written);
    expect(readTags(instance(tagsOf({ ...written, keepUntil: 0 })), 'test')).toMatchObject({ keepUntil: 0 });
  });

  test('are passed over when they are those of another environment, of a bake, or of somebody else', () => {
    expect(readTags(instance(tagsOf(written)), 'production')).toBeUndefined();
    const bake = tagsOf(written).map((tag) => (tag === 'kind=release' ? 'kind=bake' : tag));
    expect(readTags(instance(bake), 'test')).toBeUndefined();
    expect(readTags(instance(tagsOf(written).filter((tag) => tag !== 'anny')), 'test')).toBeUndefined();
    expect(readTags(instance([]), 'test')).toBeUndefined();
  });

  test('fall back to a candidate when a stage is one that nobody knows', () => {
    const odd = tagsOf(written).map((tag) => (tag.startsWith('stage=') ? 'stage=retired' : tag));
    expect(readTags(instance(odd), 'test')).toMatchObject({ stage: 'candidate' });
  });
});

describe('releases', () => {
  test('are found among all instances, oldest first, also without an address', () => {
    const [first, second] = [release(1), release(2)];
    const found = releasesIn(
      [
        { ...second.instance, tags: tagsOf(second.tags), address: undefined },
        { ...first.instance, tags: tagsOf(first.tags) },
        instance(['somebody-else']),
      ],
      'test',
    );
    expect(found.map(({ tags, address }) => [tags.release, address])).toEqual([
      ['blue-1', '10.0.0.1'],
      ['green-2', '0.0.0.0'],
    ]);
  });

  test('are named by slot, second and operation', () => {
    const when = Date.UTC(2026, 10, 24, 13, 42, 5);
    expect(releaseName('green', when, '3f9c11d2a0b4')).toBe('green-20261124-134205-3f9c');
    expect(releaseName('green', when, '3f9d11d2a0b4')).not.toBe(releaseName('green', when, '3f9c11d2a0b4'));
    expect(otherSlot('green')).toBe('blue');
  });
});
