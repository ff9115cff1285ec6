import type { Lease } from '../lease/lease.ts';
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
import type { Observed } from './settle.ts';
import { workOf } from './work.ts';

/** Who typed the command is told what will happen, before it does; refusing ends the command with nothing done. */
export interface Asking {
  plan(plan: Plan): Promise<void>;
  destroy(release: string): Promise<void>;
}

export type Outcome =
  | { readonly kind: 'serves'; readonly action: Plan['action']; readonly release: Release; readonly tookMs: number }
  | { readonly kind: 'prepared'; readonly release: Release }
  | { readonly kind: 'retired'; readonly results: readonly Retirement[] }
  /** Nothing was interrupted. */
  | { readonly kind: 'nothing' }
  /** What was interrupted is taken back, or finished since it had committed. */
  | {
      readonly kind: 'aborted';
      readonly command: string;
      readonly finished: boolean;
      readonly destroyed: readonly string[];
      readonly writer: Release | undefined;
    };

export interface Begun {
  readonly lease: Lease;
  readonly observed: Observed;
  readonly asking: Asking;
  /** Operations that this one goes on with. */
  readonly earlier: readonly string[];
}

/** Plans in what was observed, asks, writes down what is going to be done, and does it. */
export async function beginCommand(context: Context, command: ReleaseCommand, begun: Begun): Promise<Outcome> {
  const { observed, asking } = begun;
  if (command.kind === 'retire') {
    const { release, force } = command;
    if (release !== undefined && force) await asking.destroy(release);
    await writeDown(context, command, undefined, begun);
    const run = () => retire(context, observed.world, { release, force });
    return { kind: 'retired', results: await withFailureHook(context, {}, run) };
  }
  const plan = await planCommand(context, command, observed.situation);
  if (command.kind === 'prepare') return prepare(context, command, plan, begun);
  await asking.plan(plan);
  const clock = context.operation.clock;
  const at = clock.now();
  await writeDown(context, command, plan, begun);
  const writer = await carryOut(context, plan, observed);
  await begun.lease.forgetLeft();
  return { kind: 'serves', action: plan.action, release: writer, tookMs: clock.now() - at };
}

/** In the account for everybody; in the journal here, should the account have lost it. */
async function writeDown(
  { operation, lock }: Context,
  command: ReleaseCommand,
  plan: Plan | undefined,
  { lease, earlier }: Begun,
): Promise<void> {
  const work = workOf(command, plan, [...earlier, operation.id]);
  const { id, clock, journal } = operation;
  const entry = { at: clock.now(), operation: id, command: operation.command, step: command.kind };
  await journal.append({ ...entry, event: 'begin', data: { work: JSON.stringify(work), reason: lock.reason } });
  await lease.write(work);
}

/** Brings the next release up beside the live one, and leaves it there for promote. */
async function prepare(context: Context, command: ReleaseCommand, plan: Plan, begun: Begun): Promise<Outcome> {
  if (plan.action !== 'promote') {
    throw new AnnyError('USAGE', {
      doing: 'preparing a release',
      found: plan.action === 'none' ? 'the live release has this image already' : 'there is no live release yet',
      next: plan.action === 'none' ? 'prepare --again, or bake a new image first' : 'anny-bluegreen promote',
    });
  }
  await writeDown(context, command, plan, begun);
  const source = { kind: 'writer', writer: plan.from } as const;
  const machine = await withUndo(context.operation, () => prepareRelease(context, { ...plan, source }));
  await machine.box.close();
  return { kind: 'prepared', release: machine };
}
