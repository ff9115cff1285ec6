import { AnnyError } from '../operation/errors.ts';
import type { Context } from './context.ts';
import { finishHandover } from './handover.ts';
import { observe, type World } from './observe.ts';
import { certify } from './promote.ts';
import type { Answering } from './release.ts';
import { judge, type Situation } from './situation.ts';
import { markHandover } from './standby.ts';
import { leadsTo, switchName } from './switch.ts';

/** The machine renews by itself at 30 days; below this it has failed to. */
const RENEW_MS = 14 * 86_400_000;

export interface Observed {
  readonly world: World;
  readonly situation: Situation;
}

/** Observes; a handover that was cut off after its commit is finished first, whatever the command. */
export async function observeSettled(context: Context): Promise<Observed> {
  const world = await observe(context);
  const situation = judge(world);
  if (situation.kind !== 'committed') return { world, situation };
  const { successor, relay } = situation;
  context.operation.report.note(`an earlier command was cut off after its commit: ${successor.tags.release} goes on`);
  await finishHandover(context, successor);
  await markHandover(context, successor, relay);
  await world.close();
  const after = await observe(context);
  return { world: after, situation: judge(after) };
}

/** Brings everything around a live writer in order: the marks, the name, its certificate. Safe to do again. */
export async function settle(context: Context, { world, situation }: Observed, writer: Answering): Promise<void> {
  await markHandover(context, writer, undefined);
  const standbys = situation.kind === 'live' ? situation.standbys : [];
  for (const standby of standbys) {
    if (standby.tags.stage !== 'standby') await markHandover(context, writer, standby);
  }
  const led =
    world.record?.data === writer.address && world.nameAnswers.every((answer) => leadsTo(answer, writer.address));
  if (!led) await switchName(context, writer.address);
  const { kind, notAfter } = writer.status.certificate;
  if (kind !== 'issued' || notAfter * 1000 - context.operation.clock.now() < RENEW_MS) await certify(context, writer);
}

/** The world is asked again: the exit code comes from this, not from hope. */
export async function confirm(context: Context, wanted: Answering): Promise<void> {
  const world = await observe(context);
  try {
    const situation = judge(world);
    const writer = situation.kind === 'live' ? situation.writer : undefined;
    const disagreeing = world.nameAnswers.filter((answer) => !leadsTo(answer, wanted.address));
    if (writer?.tags.release === wanted.tags.release && disagreeing.length === 0) return;
    throw new AnnyError('UNFINISHED', {
      doing: `looking again after ${context.operation.command}`,
      found:
        writer?.tags.release === wanted.tags.release
          ? `the name does not lead to ${wanted.address} everywhere`
          : `the writer is ${writer?.tags.release ?? situation.kind}, not ${wanted.tags.release}`,
      next: 'anny-bluegreen status says what is there and what to do',
    });
  } finally {
    await world.close();
  }
}
