import { AnnyError } from '../operation/errors.ts';
import type { StepReport } from '../operation/report.ts';
import type { Context } from './context.ts';
import type { ProbeAnswer } from './probe.ts';

export interface Gate {
  readonly address: string;
  readonly pass?: string;
}

/** Health by HTTPS and name against one address: N good answers in a row, or UNHEALTHY with the probe that failed. */
export async function passHealthGate(context: Context, gate: Gate, progress: StepReport): Promise<string> {
  const { health } = context.settings.config.deploy;
  const { clock, interrupt, forward } = context.operation;
  const deadline = clock.now() + health.wait;
  let inARow = 0;
  for (;;) {
    const answer = await probeHealth(context, gate);
    inARow = isHealthy(answer) ? inARow + 1 : 0;
    if (inARow >= health.successes) return `${inARow} in a row, the last in ${Math.round(answer.tookMs)} ms`;
    progress.progress(isHealthy(answer) ? `${inARow} of ${health.successes}` : describeAnswer(answer));
    // A step that was stopped does not wait for this any more.
    if (clock.now() >= deadline || (interrupt.aborted && !forward)) throw unhealthy(context, gate.address, answer);
    await clock.sleep(health.interval);
  }
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
  return answer.status >= 200 && answer.status < 300;
}

export function describeAnswer(answer: ProbeAnswer): string {
  return answer.problem ?? `HTTP ${answer.status} ${answer.body.slice(0, 120).replaceAll(/\s+/g, ' ')}`;
}

function unhealthy(context: Context, address: string, answer: ProbeAnswer): AnnyError {
  const { publicName, config } = context.settings;
  return new AnnyError('UNHEALTHY', {
    doing: `asking https://${publicName}${config.app.health} at ${address}`,
    found: `after ${config.deploy.health.wait / 1000} s still ${describeAnswer(answer)}`,
    next: 'the lines of the app above say why; nothing was moved, the old release serves',
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
