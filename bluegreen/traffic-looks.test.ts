import { describe, expect, test } from 'vitest';
import type { TrafficVerdict } from './judge-traffic.ts';
import { afterLook, firstLook, isBad, isOpen, type Looks, rhythmOf } from './traffic-looks.ts';

type Kind = TrafficVerdict['kind'];

/** A look each second. */
const looked = (...kinds: Kind[]): Looks =>
  kinds.reduce(
    (looks, kind, index) => afterLook(looks, { kind, reason: `${kind} ${index + 1}` }, (index + 1) * 1_000),
    firstLook(0),
  );

describe('looks at the traffic', () => {
  test('are bad when two in a row are', () => {
    expect(isBad(looked('good', 'bad'))).toBe(false);
    expect(isBad(looked('bad', 'good', 'bad'))).toBe(false);
    expect(isBad(looked('good', 'bad', 'bad'))).toBe(true);
  });

  test('go on for as long as a first bad one is neither borne out nor taken back', () => {
    expect(isOpen(looked('good', 'bad'))).toBe(true);
    expect(isOpen(looked('bad', 'inconclusive'))).toBe(true);
    expect(isOpen(looked('bad', 'good'))).toBe(false);
    expect(isOpen(looked('good'))).toBe(false);
  });

  test('with too few requests are joined to what follows, and take nothing back', () => {
    expect(looked('good', 'inconclusive', 'inconclusive').fromMs).toBe(1_000);
    expect(looked('bad', 'inconclusive', 'good').fromMs).toBe(3_000);
    expect(isBad(looked('bad', 'inconclusive', 'bad'))).toBe(true);
  });

  test('are told by the last that said something', () => {
    expect(looked('inconclusive').last?.reason).toBe('inconclusive 1');
    expect(looked('good', 'inconclusive').last?.reason).toBe('good 1');
    expect(looked('inconclusive', 'bad').last?.reason).toBe('bad 2');
  });
});

describe('the rhythm of a watch', () => {
  test.each([
    [15_000, 3_000, { warmUpMs: 3_000, lookMs: 3_000 }],
    [600_000, 3_000, { warmUpMs: 3_000, lookMs: 149_000 }],
    [5_000, 3_000, { warmUpMs: 1_250, lookMs: 1_000 }],
    [1_000, 3_000, { warmUpMs: 250, lookMs: 1_000 }],
    [15_000, 0, { warmUpMs: 0, lookMs: 4_000 }],
  ])('of %i ms with a warm-up of %i ms', (watchMs, warmUpMs, rhythm) => {
    expect(rhythmOf(watchMs, warmUpMs)).toEqual(rhythm);
  });
});
