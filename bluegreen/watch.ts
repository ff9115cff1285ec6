import { AnnyError } from '../operation/errors.ts';
import { runStep, warn } from '../operation/step.ts';
import type { Context } from './context.ts';
import { probeHealth } from './gates.ts';
import { judgeTraffic, type TrafficBefore, type TrafficVerdict } from './judge-traffic.ts';
import { describeAnswer, kindOf, type ProbeAnswer } from './probe.ts';
import type { Answering } from './release.ts';
import { afterLook, firstLook, isBad, isOpen, rhythmOf } from './traffic-looks.ts';
import { trafficLimits } from './watch-limits.ts';

export interface Verdict {
  readonly good: boolean;
  /** One line: how many probes, how many failed, the last failure; what clients got. */
  readonly reason: string;
}

/** A single bad answer among many is a flake; this many in a row never are. */
const BAD_IN_A_ROW = 3;
/** A restart counts as bad even when the probes happened to fall beside it. */
const RESTARTS_TOLERATED = 0;
const PATIENCE_MS = 10_000;
/** What a first bad look at its end may make of a watch. */
const LONGEST = 2;

/** Watches the new writer for a while after the switch: its health by name, what its clients get, and whether its app restarts. */
export async function watchWriter(
  context: Context,
  writer: Answering,
  before: TrafficBefore | undefined,
): Promise<Verdict> {
  return runStep(context.operation, {
    name: 'watch',
    detail: `${context.settings.config.deploy.watch / 1000} s`,
    run: (progress) => watchUntil(context, writer, before, (text) => progress.progress(text)),
    describe: ({ reason }) => reason,
  });
}

/** Where there is nothing to go back to: what is bad is said, and what serves goes on. */
export async function watchAlone(context: Context, writer: Answering): Promise<void> {
  const verdict = await watchWriter(context, writer, undefined);
  if (!verdict.good) warn(context.operation, `${writer.tags.release} serves, but not well: ${verdict.reason}`);
}

async function watchUntil(
  context: Context,
  writer: Answering,
  before: TrafficBefore | undefined,
  progress: (text: string) => void,
): Promise<Verdict> {
  const { clock } = context.operation;
  const { watch, watch_warm_up, health } = context.settings.config.deploy;
  const begun = clock.now();
  const { warmUpMs, lookMs } = rhythmOf(watch, watch_warm_up);
  let probes: Probes = NO_PROBES;
  let looks = firstLook(begun + warmUpMs);
  let nextLook = looks.fromMs + lookMs;
  let deadline = begun + watch;
  while (clock.now() < deadline) {
    probes = afterProbe(probes, await probeHealth(context, writer));
    if (probes.badInARow >= BAD_IN_A_ROW) {
      return { good: false, reason: `${probes.badInARow} bad answers in a row: ${probes.last}` };
    }
    progress(`${probesText(probes)}${looks.last === undefined ? '' : `; ${looks.last.reason}`}`);
    await clock.sleep(health.interval);
    if (clock.now() < Math.min(nextLook, deadline)) continue;
    looks = afterLook(looks, await look(context, writer, before, clock.now() - looks.fromMs), clock.now());
    if (isBad(looks)) return { good: false, reason: looks.last?.reason ?? '' };
    nextLook = clock.now() + lookMs;
    if (isOpen(looks)) deadline = Math.max(deadline, Math.min(nextLook, begun + LONGEST * watch));
  }
  return conclude(context, writer, probes, looks.last);
}

/** A machine that cannot be asked for its traffic says nothing by that; whether it serves, the probes tell. */
async function look(
  context: Context,
  { box }: Answering,
  before: TrafficBefore | undefined,
  ms: number,
): Promise<TrafficVerdict> {
  const { clock } = context.operation;
  try {
    const after = await box.within(clock.now() + PATIENCE_MS).traffic(Math.max(1, Math.round(ms / 1_000)));
    return judgeTraffic(before, after, trafficLimits(context.settings.config.deploy));
  } catch (error) {
    if (!(error instanceof AnnyError)) throw error;
    return { kind: 'inconclusive', reason: `its traffic is not known: ${error.found}` };
  }
}

async function conclude(
  context: Context,
  writer: Answering,
  probes: Probes,
  traffic: TrafficVerdict | undefined,
): Promise<Verdict> {
  const { watch_failure_limit: limit } = context.settings.config.deploy;
  const { restarts } = (await writer.box.status()).app;
  if (restarts > RESTARTS_TOLERATED) return { good: false, reason: `the app restarted ${restarts} times` };
  if (probes.conclusive > 0 && probes.failures / probes.conclusive > limit && probes.failures > 1) {
    return { good: false, reason: `${probes.failures} of ${probes.conclusive} probes failed: ${probes.last}` };
  }
  if (probes.conclusive === 0 && probes.inconclusive > 0) {
    warn(context.operation, `${writer.tags.release} could not be watched from here: ${probes.lastInconclusive}`);
  }
  return { good: true, reason: [probesText(probes), traffic?.reason].filter(Boolean).join('; ') };
}

interface Probes {
  readonly conclusive: number;
  readonly failures: number;
  readonly badInARow: number;
  readonly last: string;
  readonly inconclusive: number;
  readonly lastInconclusive: string;
}

const NO_PROBES: Probes = { conclusive: 0, failures: 0, badInARow: 0, last: '', inconclusive: 0, lastInconclusive: '' };

function afterProbe(before: Probes, answer: ProbeAnswer): Probes {
  const { conclusive, failures, badInARow, inconclusive } = before;
  switch (kindOf(answer)) {
    case 'good':
      return { ...before, conclusive: conclusive + 1, badInARow: 0 };
    case 'bad': {
      const last = describeAnswer(answer);
      return { ...before, conclusive: conclusive + 1, failures: failures + 1, badInARow: badInARow + 1, last };
    }
    case 'inconclusive':
      return { ...before, inconclusive: inconclusive + 1, lastInconclusive: describeAnswer(answer) };
  }
}

function probesText({ conclusive, failures, inconclusive }: Probes): string {
  return `${conclusive} probes, ${failures} failed${inconclusive === 0 ? '' : `, ${inconclusive} did not get there`}`;
}
