import { AnnyError } from '../operation/errors.ts';
import { cameBack, pointOfNoReturn, runStep, withUndo } from '../operation/step.ts';
import { afterBackups } from './after-backups.ts';
import type { Context } from './context.ts';
import { passSmokeTest } from './gates.ts';
import { handOver } from './handover.ts';
import { lead } from './lead.ts';
import type { Plan } from './plan.ts';
import { prepareRelease } from './prepare.ts';
import type { Answering } from './release.ts';
import { retireDue } from './retire.ts';
import { hookBefore } from './run-hook.ts';
import { seeServing } from './see-serving.ts';
import { clearStrays, markHandover, repointStandbys } from './standby.ts';
import { switchTraffic } from './switch.ts';
import { takeBackup } from './take-backup.ts';
import { trafficBefore } from './traffic-before.ts';
import { watchAlone, watchWriter } from './watch.ts';
import type { WriteDownBack } from './work.ts';
import { writeProof } from './write-proof.ts';

/** Prepare, handover, switch, watch; a bad watch hands everything back, with the data. */
export async function promote(
  context: Context,
  plan: Extract<Plan, { action: 'promote' }>,
  writeDownBack: WriteDownBack,
): Promise<Answering> {
  const { operation } = context;
  const { from, withoutBackup } = plan;
  // A first promote that was cut off: without its certificate no successor can be probed by name.
  if (from.status.certificate.kind !== 'issued') {
    await switchTraffic(context, from);
    await issueCertificate(context, from);
  }
  await clearStrays(context, plan.clear, from);
  const { machine, prepared, before } = await withUndo(operation, async () => {
    const prepared = await prepareRelease(context, {
      ...plan,
      source: { kind: 'writer', writer: from, withoutBackup },
    });
    const { machine } = prepared;
    await hookBefore(context, 'pre-handover', { release: machine, from });
    return { machine, prepared, before: await trafficBefore(context, from) };
  });
  await handOver(context, from, machine);
  await markHandover(context, machine, from);
  await repointStandbys(context, plan.standbys, machine);
  await lead(context, machine, from);
  const verdict = await watchWriter(context, machine, before);
  if (verdict.good) {
    await retireDue(context);
    await writeProof(context, 'promote', prepared);
    return machine;
  }
  operation.report.warn(`${machine.tags.release}: ${verdict.reason}`);
  await writeDownBack({ to: from.tags.release, why: `${machine.tags.release}: ${verdict.reason}` });
  await moveBack(context, machine, from);
  await repointStandbys(context, plan.standbys, from);
  cameBack(operation);
  throw new AnnyError('UNHEALTHY', {
    doing: `watching ${machine.tags.release} after the switch`,
    found: `${verdict.reason}; ${from.tags.release} serves again, with all data`,
    next: `anny-bluegreen logs ${machine.tags.release} says why; mend it, bake, promote again`,
  });
}

/** The first release: nothing to hand over. Its certificate is issued once the name leads to it. */
export async function promoteFirst(context: Context, plan: Extract<Plan, { action: 'first' }>): Promise<Answering> {
  const { operation } = context;
  await clearStrays(context, plan.clear);
  const machine = await withUndo(operation, async () => {
    const { machine: prepared } = await prepareRelease(context, { ...plan, source: { kind: 'nothing' } });
    const after = await afterBackups(context, plan.after);
    await runStep(operation, { name: 'activate', run: () => prepared.box.activate(after) });
    return prepared;
  });
  pointOfNoReturn(operation);
  await markHandover(context, machine, undefined);
  await lead(context, machine);
  await certify(context, machine);
  await watchAlone(context, machine);
  return machine;
}

async function issueCertificate(context: Context, writer: Answering): Promise<void> {
  await runStep(context.operation, {
    name: 'certificate',
    detail: `for ${context.settings.publicName}`,
    run: () => writer.box.certificate(),
    describe: ({ issuer, notAfter }) => `by ${issuer}, until ${new Date(notAfter * 1000).toISOString().slice(0, 10)}`,
  });
}

/** Certificate, gates and a first backup of a writer that the name leads to; safe to do again. */
export async function certify(context: Context, writer: Answering): Promise<void> {
  const { operation, smoke, backups } = context;
  await issueCertificate(context, writer);
  await seeServing(context, writer, 'by HTTPS and name');
  if (smoke.script !== undefined) {
    await runStep(operation, {
      name: 'smoke test',
      run: () => passSmokeTest(context, writer),
      describe: (text) => text,
    });
  }
  if (!backups.configured) return;
  await runStep(operation, {
    name: 'backup',
    detail: 'so that the certificate is in one',
    run: () => takeBackup(writer.box),
    describe: ({ name }) => name,
  });
}

/** Handover and switch towards a machine that has served before. */
export async function moveBack(context: Context, from: Answering, to: Answering): Promise<void> {
  await handOver(context, from, to);
  await markHandover(context, to, from);
  await lead(context, to, from);
}
