import { describe, expect, test } from 'vitest';
import { countAnswer, endOf, type GateLimits, NOTHING_SEEN } from './gate-count.ts';
import type { ProbeAnswer } from './probe.ts';

const GOOD: ProbeAnswer = { status: 200, body: '', tookMs: 5 };
const BAD: ProbeAnswer = { status: 503, body: '', tookMs: 5 };
const REFUSED: ProbeAnswer = { status: 0, body: '', tookMs: 5, problem: 'refused', code: 'ECONNREFUSED' };
const SILENT: ProbeAnswer = { status: 0, body: '', tookMs: 5_000, problem: 'no answer in time' };
const NO_NETWORK: ProbeAnswer = { status: 0, body: '', tookMs: 1, problem: 'no network', code: 'ENETUNREACH' };

const LIMITS: GateLimits = { successes: 3, failure_limit: 0, inconclusive_limit: 0 };

const ends = (answers: readonly ProbeAnswer[], limits: Partial<GateLimits> = {}, waitIsOver = false) =>
  endOf(answers.reduce(countAnswer, NOTHING_SEEN), { ...LIMITS, ...limits }, waitIsOver);

describe('a gate', () => {
  test('opens after so many good answers in a row', () => {
    expect(ends([BAD, GOOD, GOOD])).toBeUndefined();
    expect(ends([BAD, GOOD, GOOD, GOOD])).toBe('open');
  });

  test.each([BAD, REFUSED, SILENT])('begins to count anew after a failure: $problem', (failure) => {
    expect(ends([GOOD, GOOD, failure, GOOD])).toBeUndefined();
  });

  test('opens also with the last answer of its wait', () => {
    expect(ends([GOOD, GOOD, GOOD], {}, true)).toBe('open');
  });

  test('waits for its whole time without a limit, and then says unhealthy', () => {
    const failures = Array.from({ length: 500 }, () => BAD);
    expect(ends(failures)).toBeUndefined();
    expect(ends(failures, {}, true)).toBe('unhealthy');
  });

  test('is closed at once by its failure limit', () => {
    expect(ends([BAD, GOOD, REFUSED], { failure_limit: 3 })).toBeUndefined();
    expect(ends([BAD, GOOD, REFUSED, SILENT], { failure_limit: 3 })).toBe('unhealthy');
  });

  test('takes an inconclusive answer neither for a success nor for a failure', () => {
    expect(ends([GOOD, NO_NETWORK, GOOD])).toBeUndefined();
    expect(ends([GOOD, NO_NETWORK, GOOD, NO_NETWORK, GOOD])).toBe('open');
    expect(ends([NO_NETWORK, NO_NETWORK, NO_NETWORK], { failure_limit: 1 })).toBeUndefined();
  });

  test('ends without a verdict when most questions did not get there, or at the limit for them', () => {
    expect(ends([BAD, NO_NETWORK, NO_NETWORK], {}, true)).toBe('inconclusive');
    expect(ends([BAD, BAD, NO_NETWORK], {}, true)).toBe('unhealthy');
    expect(ends([NO_NETWORK, NO_NETWORK], { inconclusive_limit: 2 })).toBe('inconclusive');
  });

  test('is unhealthy when good answers were too few in its time', () => {
    expect(ends([GOOD, GOOD], {}, true)).toBe('unhealthy');
  });
});
