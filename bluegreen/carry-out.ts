import { orUnfinished } from '../operation/step.ts';
import type { Context } from './context.ts';
import { factsOf, hooksAround } from './hook-events.ts';
import { lowerTtl } from './lower-ttl.ts';
import type { Plan } from './plan.ts';
import { promote, promoteFirst } from './promote.ts';
import type { Answering } from './release.ts';
import { restore } from './restore.ts';
import { fallBack, rollback, takeOver } from './rollback.ts';
import { hookAfter, hookBefore, withFailureHook } from './run-hook.ts';
import { confirm, type Observed, settle } from './settle.ts';
import { takeBack } from './take-back.ts';
import type { WriteDownBack } from './work.ts';

/** Carries a plan out and looks again; returns the writer that the world then has. */
export async function carryOut(
  context: Context,
  plan: Plan,
  observed: Observed,
  writeDownBack: WriteDownBack,
): Promise<Answering> {
  const around = hooksAround(plan);
  const facts = factsOf(plan);
  return withFailureHook(context, facts, () =>
    orUnfinished(context.operation, async () => {
      if (around !== undefined) await hookBefore(context, around.before, facts);
      const writer = await run(context, plan, observed, writeDownBack);
      await confirm(context, writer);
      if (around !== undefined) await hookAfter(context, around.after, { ...facts, release: writer });
      return writer;
    }),
  );
}

async function run(context: Context, plan: Plan, observed: Observed, writeDownBack: WriteDownBack): Promise<Answering> {
  switch (plan.action) {
    case 'none':
      await settle(context, observed, plan.writer);
      return plan.writer;
    case 'first':
      return promoteFirst(context, plan);
    case 'promote':
      await lowerTtl(context, observed.world, [plan.from, ...plan.standbys]);
      return promote(context, plan, writeDownBack);
    case 'rollback':
      return rollback(context, plan);
    case 'fall-back':
      return fallBack(context, plan);
    case 'take-back':
      return takeBack(context, plan);
    case 'take-over':
      return takeOver(context, plan);
    case 'restore':
      return restore(context, plan);
  }
}
