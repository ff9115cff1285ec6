import { type AnswerKind, kindOf, type ProbeAnswer } from './probe.ts';

/** What has been seen at a gate so far. An inconclusive answer is neither a success nor a failure. */
export interface GateCount {
  readonly goodInARow: number;
  readonly failures: number;
  readonly inconclusive: number;
  /** The last answer of each kind that was not good. */
  readonly lastFailure: ProbeAnswer | undefined;
  readonly lastInconclusive: ProbeAnswer | undefined;
}

export interface GateLimits {
  /** Good answers in a row that open the gate. */
  readonly successes: number;
  /** So many failures close it before the wait is over; 0: only the wait does. */
  readonly failure_limit: number;
  /** So many inconclusive answers end the wait, and nothing is known; 0: only the wait does. */
  readonly inconclusive_limit: number;
}

export type GateEnd = 'open' | 'unhealthy' | 'inconclusive';

export const NOTHING_SEEN: GateCount = {
  ...{ goodInARow: 0, failures: 0, inconclusive: 0 },
  ...{ lastFailure: undefined, lastInconclusive: undefined },
};

export function countAnswer(before: GateCount, answer: ProbeAnswer): GateCount {
  const kind: AnswerKind = kindOf(answer);
  switch (kind) {
    case 'good':
      return { ...before, goodInARow: before.goodInARow + 1 };
    case 'bad':
      return { ...before, goodInARow: 0, failures: before.failures + 1, lastFailure: answer };
    case 'inconclusive':
      return { ...before, inconclusive: before.inconclusive + 1, lastInconclusive: answer };
  }
}

/** How the gate ends with what was seen; undefined while it goes on. */
export function endOf(count: GateCount, limits: GateLimits, waitIsOver: boolean): GateEnd | undefined {
  const reached = (seen: number, limit: number): boolean => limit > 0 && seen >= limit;
  if (count.goodInARow >= limits.successes) return 'open';
  if (reached(count.failures, limits.failure_limit)) return 'unhealthy';
  if (reached(count.inconclusive, limits.inconclusive_limit)) return 'inconclusive';
  if (!waitIsOver) return undefined;
  return count.inconclusive > count.failures ? 'inconclusive' : 'unhealthy';
}
