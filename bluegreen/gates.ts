import type { Config } from '../config/schema.ts';
import { AnnyError } from '../operation/errors.ts';
import type { StepReport } from '../operation/report.ts';
import type { Context } from './context.ts';
import { countAnswer, endOf, type GateCount, NOTHING_SEEN } from './gate-count.ts';
import { describeAnswer, kindOf, type ProbeAnswer } from './probe.ts';

export interface Gate {
  readonly address: string;
  readonly pass?: string;
}

/** Health by HTTPS and name against one address: N good answers in a row, or an error with the probe that failed. */
export async function passHealthGate(context: Context, gate: Gate, progress: StepReport): Promise<string> {
  const { health } = context.settings.config.deploy;
  const { clock, interrupt, forward } = context.operation;
  const deadline = clock.now() + health.wait;
  let count = NOTHING_SEEN;
  for (;;) {
    const answer = await probeHealth(context, gate);
    count = countAnswer(count, answer);
    // A step that was stopped does not wait for this any more.
    const over = clock.now() >= deadline || (interrupt.aborted && !forward);
    switch (endOf(count, health, over)) {
      case 'open':
        return `${count.goodInARow} in a row, the last in ${Math.round(answer.tookMs)} ms`;
      case 'unhealthy':
        throw unhealthy(context, gate.address, count);
      case 'inconclusive':
        throw inconclusive(context, gate.address, count);
      case undefined:
        progress.progress(isHealthy(answer) ? `${count.goodInARow} of ${health.successes}` : describeAnswer(answer));
    }
    await clock.sleep(health.interval);
  }
}

/** "3 good answers in a row within 60 s, or 5 failures": what `plan` says of it. */
export function gateText({ successes, wait, failure_limit: failures }: Config['deploy']['health']): string {
  const limit = failures === 0 ? '' : `, at most ${failures} ${failures === 1 ? 'failure' : 'failures'}`;
  return `${successes} good answers in a row within ${wait / 1000} s${limit}`;
}

export function probeHealth(context: Context, gate: Gate): Promise<ProbeAnswer> {
  const { config, publicName } = context.settings;
  return context.probe.get({
    name: publicName,
    address: gate.address,
    path: config.app.health,
    timeoutMs: config.deploy.health.timeout,
    ...(gate.pass === undefined ? {} : { pass: gate.pass }),
  });
}

export function isHealthy(answer: ProbeAnswer): boolean {
  return kindOf(answer) === 'good';
}

function asking({ settings: { publicName, config } }: Context, address: string): string {
  return `asking https://${publicName}${config.app.health} at ${address}`;
}

function unhealthy(context: Context, address: string, { failures, lastFailure }: GateCount): AnnyError {
  const last = lastFailure === undefined ? 'too few good answers in time' : describeAnswer(lastFailure);
  return new AnnyError('UNHEALTHY', {
    doing: asking(context, address),
    found: `${failures} ${failures === 1 ? 'failure' : 'failures'}, the last: ${last}`,
    next: `the lines of the app above say why${context.operation.forward ? '' : '; nothing was moved, the old release serves'}`,
  });
}

function inconclusive(context: Context, address: string, { inconclusive, lastInconclusive }: GateCount): AnnyError {
  const last = lastInconclusive === undefined ? 'nothing' : describeAnswer(lastInconclusive);
  return new AnnyError('INCONCLUSIVE', {
    doing: asking(context, address),
    found: `${inconclusive} of the questions did not get there (${last}): that says nothing about the release`,
    next: "look at this computer's own network, then run the same command again",
  });
}

/** The operator's own script against the machine, where there is one. */
export async function passSmokeTest(context: Context, gate: Gate): Promise<string> {
  const { smoke, settings } = context;
  const result = await smoke.run({
    name: settings.publicName,
    address: gate.address,
    ...(gate.pass === undefined ? {} : { pass: gate.pass }),
  });
  if (result.ok) return 'passed';
  throw new AnnyError('UNHEALTHY', {
    doing: `running the smoke test ${smoke.script ?? ''} against ${gate.address}`,
    found: result.output,
    next: 'mend the app or the script, bake again, then promote',
  });
}
