import { runStep } from '../operation/step.ts';
import type { Context } from './context.ts';
import { isHealthy, probeHealth } from './gates.ts';
import { describeAnswer } from './probe.ts';
import type { Answering } from './release.ts';

export interface Verdict {
  readonly good: boolean;
  /** One line: how many probes, how many failed, the last failure. */
  readonly reason: string;
}

/** A single bad answer among many is a flake; this many in a row never are. */
const BAD_IN_A_ROW = 3;
/** A restart counts as bad even when the probes happened to fall beside it. */
const RESTARTS_TOLERATED = 0;

/** Watches the new writer for a while after the switch: its health by name, and whether its app restarts. */
export async function watchWriter(context: Context, writer: Answering): Promise<Verdict> {
  return runStep(context.operation, {
    name: 'watch',
    detail: `${context.settings.config.deploy.watch / 1000} s`,
    run: (progress) => watchUntil(context, writer, (text) => progress.progress(text)),
    describe: ({ reason }) => reason,
  });
}

async function watchUntil(context: Context, writer: Answering, progress: (text: string) => void): Promise<Verdict> {
  const { clock } = context.operation;
  const { watch, watch_failure_limit: limit, health } = context.settings.config.deploy;
  const deadline = clock.now() + watch;
  let probes = 0;
  let failures = 0;
  let inARow = 0;
  let last = '';
  while (clock.now() < deadline) {
    const answer = await probeHealth(context, writer);
    probes += 1;
    const good = isHealthy(answer);
    failures += good ? 0 : 1;
    inARow = good ? 0 : inARow + 1;
    if (!good) last = describeAnswer(answer);
    if (inARow >= BAD_IN_A_ROW) return { good: false, reason: `${inARow} bad answers in a row: ${last}` };
    progress(`${probes} probes, ${failures} failed`);
    await clock.sleep(health.interval);
  }
  const { restarts } = (await writer.box.status()).app;
  if (restarts > RESTARTS_TOLERATED) return { good: false, reason: `the app restarted ${restarts} times` };
  if (probes > 0 && failures / probes > limit && failures > 1) {
    return { good: false, reason: `${failures} of ${probes} probes failed: ${last}` };
  }
  return { good: true, reason: `${probes} probes, ${failures} failed` };
}
