import { AnnyError, hasCode } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import type { Context } from './context.ts';
import { finishHandover } from './handover.ts';
import { addressFor, isHolder, isLedWhollyTo, leadThere } from './leading.ts';
import { observe, type World } from './observe.ts';
import { certify } from './promote.ts';
import type { Answering } from './release.ts';
import { seeServingIfPossible } from './see-serving.ts';
import { judge, type Situation } from './situation.ts';
import { markHandover, markStandby, repointStandbys } from './standby.ts';
import { switchTraffic } from './switch.ts';
import { refuseUnfitName } from './unfit-name.ts';

/** The machine renews by itself at 30 days; below this it has failed to. */
const RENEW_MS = 14 * 86_400_000;
/** A look that takes longer has waited for a machine that does not answer. */
const LOOK_MS = 3_000;

export interface Observed {
  readonly world: World;
  readonly situation: Situation;
}

/**
 * Observes; a handover that was cut off is decided first, whatever the command. Before its commit the old machine holds: it
 * serves again, and a commit still under way there is refused from then on. After its commit it is finished.
 */
export async function observeSettled(context: Context): Promise<Observed> {
  const world = await observe(context);
  refuseUnfitName(world);
  const situation = judge(world);
  if (situation.kind === 'live' && situation.writer.status.held) {
    await endHold(context, situation.writer);
    await world.close();
    return settleCommitted(context, await observe(context));
  }
  return settleCommitted(context, world);
}

async function endHold(context: Context, writer: Answering): Promise<void> {
  await runStep(context.operation, {
    name: 'resume',
    detail: `${writer.tags.release} holds requests for a command that was cut off`,
    run: () => writer.box.resume(),
  }).catch((error: unknown) => {
    // It may have committed meanwhile: what it is now says so.
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
  });
}

async function settleCommitted(context: Context, world: World): Promise<Observed> {
  const situation = judge(world);
  if (situation.kind === 'live' && situation.writer.status.held) throw stillHeld(situation.writer);
  if (situation.kind !== 'committed') return { world, situation };
  const { successor, relay } = situation;
  context.operation.report.note(`an earlier command was cut off after its commit: ${successor.tags.release} goes on`);
  await finishHandover(context, successor);
  await markHandover(context, successor, relay);
  await world.close();
  const after = await observe(context);
  return { world: after, situation: judge(after) };
}

function stillHeld({ tags, status }: Answering): AnnyError {
  return new AnnyError('UNFINISHED', {
    doing: 'looking for the writer',
    found: `${tags.release} holds its requests for another handover until ${new Date(status.holdUntil * 1000).toISOString()}`,
    next: 'wait until then (it serves again by itself), then run the same command again',
  });
}

/** Brings everything around a live writer in order: the marks, the name, its certificate. Safe to do again. */
export async function settle(context: Context, { world, situation }: Observed, writer: Answering): Promise<void> {
  await markHandover(context, writer, undefined);
  const standbys = situation.kind === 'live' ? situation.standbys : [];
  for (const standby of standbys) {
    if (standby.status.role === 'relay' && !['standby', 'discarded'].includes(standby.tags.stage))
      await markStandby(context, standby);
  }
  await repointStandbys(
    context,
    standbys.filter(({ status }) => status.relayTo !== writer.address),
    writer,
  );
  const led = isLedWhollyTo(world, writer);
  if (!writer.status.app.running) await startAgain(context, writer);
  // It may be starting after a reboot; a success says that it serves.
  if (!led || !writer.status.app.running) await seeServingIfPossible(context, writer);
  if (!led) await switchTraffic(context, writer);
  const { kind, name, notAfter } = writer.status.certificate;
  const ends = notAfter * 1000 - context.operation.clock.now() < RENEW_MS;
  if (kind !== 'issued' || name !== context.settings.publicName || ends) await certify(context, writer);
}

/** It may have been stopped by hand. After a restart of the machine this is the word that it may serve. */
async function startAgain(context: Context, writer: Answering): Promise<void> {
  await runStep(context.operation, {
    name: 'start the app',
    detail: `it does not run on ${writer.tags.release}`,
    run: () => writer.box.activate(),
  });
}

/** The world is asked again: the exit code comes from this, not from hope. */
export async function confirm(context: Context, wanted: Answering): Promise<void> {
  const { clock } = context.operation;
  const begun = clock.now();
  const world = await observe(context);
  try {
    const late = clock.now() - begun > LOOK_MS;
    const found = amiss(world, wanted) ?? (late ? await appAmiss(world, wanted) : undefined);
    if (found === undefined) return;
    throw new AnnyError('UNFINISHED', {
      doing: `looking again after ${context.operation.command}`,
      found,
      next: 'anny-bluegreen status says what is there and what to do',
    });
  } finally {
    await world.close();
  }
}

/** What is not as a success says: the release is the writer, its app runs, the name leads to it everywhere. */
function amiss(world: World, wanted: Answering): string | undefined {
  const { tags } = wanted;
  const situation = judge(world);
  const writer = situation.kind === 'live' ? situation.writer : undefined;
  if (writer?.tags.release !== tags.release) {
    return `the writer is ${writer?.tags.release ?? situation.kind}, not ${tags.release}`;
  }
  if (!writer.status.app.running) return notRunning(tags.release);
  const address = addressFor(world, wanted);
  if (world.switchedBy === 'reserved_ip' && !isHolder(world.reservedIp, wanted)) {
    return `the reserved IP is not attached to ${tags.release}`;
  }
  return leadThere(world.nameAnswers, address) ? undefined : `the name does not lead to ${address} everywhere`;
}

/** A look that waited for another machine (a dead standby, say) is too old to speak for the writer: it may have restarted since. */
async function appAmiss({ answering }: World, { tags }: Answering): Promise<string | undefined> {
  const status = await answering.find((one) => one.tags.release === tags.release)?.box.status();
  return status?.app.running === true ? undefined : notRunning(tags.release);
}

function notRunning(release: string): string {
  return `the app of ${release} does not run`;
}
