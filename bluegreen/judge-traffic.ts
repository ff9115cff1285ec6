import type { Traffic } from '../machine/box.ts';

/** What the old writer's clients got in the hour before. */
export interface TrafficBefore extends Traffic {
  readonly release: string;
}

export interface TrafficLimits {
  /** Fewer requests than this say nothing. */
  readonly requests: number;
  /** Share of 5xx above the one before that is tolerated. */
  readonly errorMargin: number;
  /** Share of 5xx that is tolerated where nothing is known of before. */
  readonly errorLimit: number;
  /** How many times as long as before requests may take, and how much longer they must take to count. */
  readonly latencyFactor: number;
  readonly latencyMarginMs: number;
}

export interface TrafficVerdict {
  readonly kind: 'good' | 'bad' | 'inconclusive';
  /** One line with the numbers. */
  readonly reason: string;
}

/** So few errors are flakes, whatever their share. */
const ERRORS_OF_A_FLAKE = 2;
/** An error rate that was high before goes up and down with itself. */
const ERROR_FACTOR = 1.5;
/** How far chance alone takes a share from where it belongs, in standard deviations: once in some seven hundred looks. */
const CHANCE = 3;

/** One look at a new writer's traffic: is it worse than the old one's was? */
export function judgeTraffic(before: TrafficBefore | undefined, after: Traffic, limits: TrafficLimits): TrafficVerdict {
  const known = before !== undefined && before.requests >= limits.requests ? before : undefined;
  if (after.requests < limits.requests)
    return { kind: 'inconclusive', reason: `too few requests to judge: ${count(after)}` };
  if (after.errors > ERRORS_OF_A_FLAKE && shareOf(after) > errorLimit(known, after, limits)) {
    return { kind: 'bad', reason: errorText(known, after) };
  }
  if (known !== undefined && after.p95Ms > latencyLimitMs(known, limits)) {
    return { kind: 'bad', reason: latencyText(known, after) };
  }
  return { kind: 'good', reason: `5xx ${percent(after)} of ${count(after)} requests, p95 ${after.p95Ms} ms` };
}

function errorLimit(before: Traffic | undefined, after: Traffic, limits: TrafficLimits): number {
  if (before === undefined) return limits.errorLimit;
  const share = shareOf(before);
  const byChance = CHANCE * Math.sqrt((share * (1 - share)) / after.requests);
  return Math.max(share + limits.errorMargin, share * ERROR_FACTOR) + byChance;
}

/** One request in twenty is now slower than one in a hundred was: that is no chance, if it is also much slower than usual. */
function latencyLimitMs({ p95Ms, p99Ms }: Traffic, { latencyFactor, latencyMarginMs }: TrafficLimits): number {
  return Math.max(p95Ms * latencyFactor, p95Ms + latencyMarginMs, p99Ms);
}

function errorText(before: TrafficBefore | undefined, after: Traffic): string {
  const now = `5xx ${percent(after)} of ${count(after)} requests`;
  if (before === undefined) return `${now}; there is too little of before to compare with`;
  return `${now}; ${percent(before)} of ${count(before)} in the hour before on ${before.release}`;
}

function latencyText(before: TrafficBefore, after: Traffic): string {
  const times = ({ p95Ms, p99Ms }: Traffic): string => `p95 ${p95Ms} ms, p99 ${p99Ms} ms`;
  return `${times(after)} of ${count(after)} requests; ${times(before)} of ${count(before)} in the hour before on ${before.release}`;
}

export function trafficText(traffic: Traffic): string {
  if (traffic.requests === 0) return 'no requests';
  return `${count(traffic)} requests, 5xx ${percent(traffic)}, p95 ${traffic.p95Ms} ms, p99 ${traffic.p99Ms} ms`;
}

function shareOf({ requests, errors }: Traffic): number {
  return requests === 0 ? 0 : errors / requests;
}

function percent(traffic: Traffic): string {
  const share = shareOf(traffic) * 100;
  return `${share.toFixed(share > 0 && share < 0.1 ? 2 : 1)} %`;
}

function count({ requests }: Traffic): string {
  return requests.toLocaleString('en-US');
}
