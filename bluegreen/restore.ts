import { pointOfNoReturn, runStep, withUndo } from '../operation/step.ts';
import type { Context } from './context.ts';
import { fence } from './fence.ts';
import { lead } from './lead.ts';
import { partWays } from './part-ways.ts';
import type { Plan } from './plan.ts';
import { prepareRelease } from './prepare.ts';
import { certify } from './promote.ts';
import type { Answering } from './release.ts';
import { clearStrays, markHandover, repointStandbys } from './standby.ts';
import { watchAlone } from './watch.ts';
import { writeProof } from './write-proof.ts';

/** Prepare and switch, without a living old machine: the data is as old as the backup. */
export async function restore(context: Context, plan: Extract<Plan, { action: 'restore' }>): Promise<Answering> {
  const { operation } = context;
  const prepared = await withUndo(operation, async () => {
    const prepared = await prepareRelease(context, { ...plan, source: { kind: 'backup', backup: plan.backup } });
    // Only now: until the backup was proved, one of them may have been the newest there is.
    await clearStrays(context, plan.clear);
    // What is fenced never serves again.
    pointOfNoReturn(operation);
    return prepared;
  });
  const { machine } = prepared;
  await partWays(context, machine, [...plan.fence, ...plan.standbys], plan);
  for (const old of plan.fence) await fence(context, old);
  await runStep(operation, { name: 'activate', run: () => machine.box.activate(plan.after) });
  await markHandover(context, machine, undefined);
  await repointStandbys(context, plan.standbys, machine);
  await lead(context, machine);
  const status = await machine.box.status();
  if (status.certificate.kind !== 'issued') await certify(context, machine);
  await watchAlone(context, machine);
  await writeProof(context, 'restore', prepared);
  return machine;
}
