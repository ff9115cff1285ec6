import { AnnyError } from '../operation/errors.ts';
import { withUndo } from '../operation/step.ts';
import { carryOut } from './carry-out.ts';
import type { ReleaseCommand } from './command.ts';
import type { Context } from './context.ts';
import type { Plan } from './plan.ts';
import { planCommand } from './plan-command.ts';
import { prepareRelease } from './prepare.ts';
import type { Release } from './release.ts';
import { type Retirement, retire } from './retire.ts';
import { withFailureHook } from './run-hook.ts';
import { type Observed, observeSettled } from './settle.ts';

/** Who typed the command is told what will happen, before it does; refusing ends the command with nothing done. */
export interface Asking {
  plan(plan: Plan): Promise<void>;
  destroy(release: string): Promise<void>;
}

export type Outcome =
  | { readonly kind: 'serves'; readonly action: Plan['action']; readonly release: Release; readonly tookMs: number }
  | { readonly kind: 'prepared'; readonly release: Release }
  | { readonly kind: 'retired'; readonly results: readonly Retirement[] };

/** Runs a release command: look and settle what was cut off, plan, agree, carry out, look again. */
export async function runCommand(context: Context, command: ReleaseCommand, asking: Asking): Promise<Outcome> {
  refuseUnnamed(command);
  const observed = await observeSettled(context);
  try {
    return await runIn(context, command, observed, asking);
  } finally {
    await observed.world.close();
  }
}

async function runIn(context: Context, command: ReleaseCommand, observed: Observed, asking: Asking): Promise<Outcome> {
  switch (command.kind) {
    case 'retire': {
      const { release, force } = command;
      if (release !== undefined && force) await asking.destroy(release);
      const run = () => retire(context, observed.world, { release, force });
      return { kind: 'retired', results: await withFailureHook(context, {}, run) };
    }
    case 'prepare':
      return prepare(context, await planCommand(context, command, observed.situation));
    default: {
      const plan = await planCommand(context, command, observed.situation);
      await asking.plan(plan);
      const begun = context.operation.clock.now();
      const writer = await carryOut(context, plan, observed);
      return { kind: 'serves', action: plan.action, release: writer, tookMs: context.operation.clock.now() - begun };
    }
  }
}

/** Brings the next release up beside the live one, and leaves it there for promote. */
async function prepare(context: Context, plan: Plan): Promise<Outcome> {
  if (plan.action !== 'promote') {
    throw new AnnyError('USAGE', {
      doing: 'preparing a release',
      found: plan.action === 'none' ? 'the live release has this image already' : 'there is no live release yet',
      next: plan.action === 'none' ? 'prepare --again, or bake a new image first' : 'anny-bluegreen promote',
    });
  }
  const source = { kind: 'writer', writer: plan.from } as const;
  const machine = await withUndo(context.operation, () => prepareRelease(context, { ...plan, source }));
  await machine.box.close();
  return { kind: 'prepared', release: machine };
}

function refuseUnnamed(command: ReleaseCommand): void {
  if (command.kind !== 'retire' || !command.force || command.release !== undefined) return;
  throw new AnnyError('USAGE', {
    doing: 'retiring',
    found: '--force without the name of a release',
    next: 'anny-bluegreen status lists them; retire RELEASE --force',
  });
}
