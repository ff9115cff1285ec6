import { pointOfNoReturn, runStep } from '../operation/step.ts';
import { afterBackups } from './after-backups.ts';
import type { Context } from './context.ts';
import { fenceAll } from './fence.ts';
import { finishHandover } from './handover.ts';
import { lead } from './lead.ts';
import { partWays } from './part-ways.ts';
import type { Plan } from './plan.ts';
import { moveBack } from './promote.ts';
import type { Answering } from './release.ts';
import { hookBefore } from './run-hook.ts';
import { seeServingIfPossible } from './see-serving.ts';
import { markHandover, repointStandbys } from './standby.ts';
import { backupBefore } from './take-backup.ts';

/** The handover with its arguments swapped: what was written since the promotion goes back too. */
export async function rollback(context: Context, plan: Extract<Plan, { action: 'rollback' }>): Promise<Answering> {
  await backupBefore(context, plan.from);
  await hookBefore(context, 'pre-handover', { release: plan.to, from: plan.from });
  await moveBack(context, plan.from, plan.to);
  await repointStandbys(context, plan.standbys, plan.to);
  return plan.to;
}

/** The newer machine cannot be asked: it is fenced, and the standby serves what it had when it handed over. */
export async function fallBack(context: Context, plan: Extract<Plan, { action: 'fall-back' }>): Promise<Answering> {
  const after = await afterBackups(context, plan.after);
  pointOfNoReturn(context.operation);
  await partWays(context, plan.to, [...plan.fence, ...plan.standbys], plan);
  await fenceAll(context, plan.fence);
  await runStep(context.operation, {
    name: 'activate',
    detail: plan.to.tags.release,
    run: () => plan.to.box.activate(after),
  });
  return settleOn(context, plan.to, plan.standbys);
}

/** A machine had taken everything over when the old one went away: it becomes the writer. */
export async function takeOver(context: Context, plan: Extract<Plan, { action: 'take-over' }>): Promise<Answering> {
  pointOfNoReturn(context.operation);
  await partWays(context, plan.to, [...plan.fence, ...plan.standbys], plan);
  await fenceAll(context, plan.fence);
  await finishHandover(context, plan.to);
  return settleOn(context, plan.to, plan.standbys);
}

export async function settleOn(
  context: Context,
  writer: Answering,
  standbys: readonly Answering[],
): Promise<Answering> {
  await markHandover(context, writer, undefined);
  await repointStandbys(context, standbys, writer);
  await seeServingIfPossible(context, writer);
  await lead(context, writer);
  return writer;
}
