import { AnnyError } from '../operation/errors.ts';
import { pointOfNoReturn, runStep } from '../operation/step.ts';
import { waitFor } from '../operation/wait.ts';
import { afterBackups } from './after-backups.ts';
import type { Context } from './context.ts';
import { fence, fenceAll } from './fence.ts';
import { isLedTo } from './leading.ts';
import { ask, observe } from './observe.ts';
import { partWays } from './part-ways.ts';
import type { Plan } from './plan.ts';
import type { Answering, Release, Silent } from './release.ts';
import { settleOn } from './rollback.ts';
import { judge } from './situation.ts';

const POLL_MS = 2_000;

/** A fenced machine serves again, with the data that it had: it is started where it is off, and the writer fenced in its place. */
export async function takeBack(context: Context, plan: Extract<Plan, { action: 'take-back' }>): Promise<Answering> {
  const after = await afterBackups(context, plan.after);
  const to = 'box' in plan.to ? plan.to : await start(context, plan.to, plan.fence);
  // What is fenced serves again only like this.
  pointOfNoReturn(context.operation);
  await partWays(context, to, [...plan.fence, ...plan.standbys], plan);
  for (const old of plan.fence) await fence(context, old);
  await runStep(context.operation, {
    name: 'unfence',
    detail: to.tags.release,
    run: () => to.box.unfence(after),
  });
  return settleOn(context, to, plan.standbys);
}

/** It believes that it is the writer, and would serve if the name led to it. */
async function start(context: Context, off: Silent, others: readonly Release[]): Promise<Answering> {
  await makeSafeToStart(context, off, others);
  const { cloud, operation, settings } = context;
  return runStep(operation, {
    name: 'start machine',
    detail: off.tags.release,
    interruptible: true,
    run: async (progress) => {
      await cloud.start(off.instance.id);
      return waitFor(
        operation.clock,
        {
          what: `${off.tags.release} to answer`,
          timeoutMs: settings.config.deploy.boot_timeout,
          intervalMs: POLL_MS,
          next: 'anny-bluegreen status shows what the account says of it; nothing was moved',
          stop: operation.interrupt,
        },
        async () => {
          const instance = await cloud.instance(off.instance.id);
          const asked = await ask(context, { ...off, instance: instance ?? off.instance });
          if ('box' in asked) return { done: asked };
          progress.progress(asked.problem);
          return { not: asked.problem };
        },
      );
    },
    describe: ({ status }) => `it answers, as a ${status.role}`,
  });
}

/** Where the name leads to it, it serves as soon as it is up: nobody else may write by then. */
async function makeSafeToStart(context: Context, off: Silent, others: readonly Release[]): Promise<void> {
  const world = await observe(context);
  try {
    if (!isLedTo(world, off)) return;
    if (judge(world).kind === 'live') {
      throw new AnnyError('REFUSED', {
        doing: `starting ${off.tags.release}`,
        found: 'the name still leads to it: it would serve beside the writer',
        next: 'anny-bluegreen settle mends the name, then run the same command again',
      });
    }
  } finally {
    await world.close();
  }
  pointOfNoReturn(context.operation);
  await fenceAll(context, others);
}
