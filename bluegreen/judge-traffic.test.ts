import { describe, expect, test } from 'vitest';
import { judgeTraffic, type TrafficBefore, type TrafficLimits } from './judge-traffic.ts';

const LIMITS: TrafficLimits = {
  ...{ requests: 20, errorMargin: 0.01, errorLimit: 0.05 },
  ...{ latencyFactor: 3, latencyMarginMs: 250 },
};

interface Like {
  readonly requests: number;
  readonly errors?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
}

const now = ({ requests, errors = 0, p95Ms = 40, p99Ms = 90 }: Like) => ({
  ...{ seconds: 5, requests, errors, p50Ms: 10, p95Ms, p99Ms },
});
const earlier = (like: Like): TrafficBefore => ({ ...now(like), seconds: 3_600, release: 'blue-1' });

const USUAL = earlier({ requests: 51_203, errors: 102 });
const verdict = (old: TrafficBefore | undefined, like: Like) => judgeTraffic(old, now(like), LIMITS);
const kind = (old: TrafficBefore | undefined, like: Like) => verdict(old, like).kind;

describe('errors', () => {
  test('are bad when there are clearly more than in the hour before, and the numbers are named', () => {
    expect(verdict(USUAL, { requests: 812, errors: 33 })).toEqual({
      kind: 'bad',
      reason: '5xx 4.1 % of 812 requests; 0.2 % of 51,203 in the hour before on blue-1',
    });
  });

  test.each([
    [812, 9],
    [20, 2],
    [10_000, 115],
  ])('are flakes when they are few, or within the margin: %i requests, %i errors', (requests, errors) => {
    expect(kind(USUAL, { requests, errors })).toBe('good');
  });

  test('of a service that always had many count only above them', () => {
    const ailing = earlier({ requests: 10_000, errors: 1_000 });
    expect(kind(ailing, { requests: 500, errors: 62 })).toBe('good');
    expect(kind(ailing, { requests: 500, errors: 140 })).toBe('bad');
  });

  test('never make a release bad that answers nothing but errors less often than the one before', () => {
    const down = earlier({ requests: 1_000, errors: 1_000 });
    expect(kind(down, { requests: 500, errors: 400 })).toBe('good');
  });

  test('need more than chance: a small look may hold some more than its share', () => {
    const tenth = earlier({ requests: 10_000, errors: 1_000 });
    expect(kind(tenth, { requests: 20, errors: 6 })).toBe('good');
    expect(kind(tenth, { requests: 20, errors: 12 })).toBe('bad');
  });

  test.each([undefined, earlier({ requests: 3 })])(
    'are held to a fixed share where nothing is known of before',
    (old) => {
      expect(kind(old, { requests: 100, errors: 5 })).toBe('good');
      expect(verdict(old, { requests: 100, errors: 6 })).toEqual({
        kind: 'bad',
        reason: '5xx 6.0 % of 100 requests; there is too little of before to compare with',
      });
    },
  );
});

describe('latency', () => {
  test('is bad when requests take much longer than before, and the numbers are named', () => {
    expect(verdict(USUAL, { requests: 812, p95Ms: 900, p99Ms: 2_100 })).toEqual({
      kind: 'bad',
      reason: 'p95 900 ms, p99 2100 ms of 812 requests; p95 40 ms, p99 90 ms of 51,203 in the hour before on blue-1',
    });
  });

  test('is not bad by the factor alone, nor by the margin alone', () => {
    expect(kind(earlier({ requests: 900, p95Ms: 2, p99Ms: 5 }), { requests: 100, p95Ms: 200 })).toBe('good');
    expect(kind(earlier({ requests: 900, p95Ms: 1_000, p99Ms: 1_200 }), { requests: 100, p95Ms: 1_900 })).toBe('good');
  });

  test('is not bad when a slow kind of request was there before, and chance brings some more of them', () => {
    const mixed = earlier({ requests: 50_000, p95Ms: 40, p99Ms: 3_000 });
    expect(kind(mixed, { requests: 20, p95Ms: 2_900 })).toBe('good');
    expect(kind(mixed, { requests: 20, p95Ms: 3_100 })).toBe('bad');
  });

  test('is not compared with nothing', () => {
    expect(kind(undefined, { requests: 100, p95Ms: 60_000 })).toBe('good');
  });
});

test('too few requests say nothing, whatever they were', () => {
  expect(verdict(USUAL, { requests: 19, errors: 19, p95Ms: 9_000 })).toEqual({
    kind: 'inconclusive',
    reason: 'too few requests to judge: 19',
  });
});

test('what is good is said with its numbers', () => {
  expect(verdict(USUAL, { requests: 3_020, errors: 1 }).reason).toBe('5xx 0.03 % of 3,020 requests, p95 40 ms');
});
