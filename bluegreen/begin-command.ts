import type { Lease } from '../lease/lease.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import { warn, withUndo } from '../operation/step.ts';
import { carryOut } from './carry-out.ts';
import type { PlannedCommand, ReleaseCommand } from './command.ts';
import type { Context } from './context.ts';
import { releaseNames } from './interrupted.ts';
import { lowerTtl } from './lower-ttl.ts';
import type { Plan } from './plan.ts';
import { planCommand } from './plan-command.ts';
import { prepareRelease } from './prepare.ts';
import type { Release } from './release.ts';
import { type Retirement, retire } from './retire.ts';
import { withFailureHook } from './run-hook.ts';
import type { Observed } from './settle.ts';
import { refuseUnfitTarget } from './unfit-name.ts';
import { type Back, type Work, workOf } from './work.ts';

/** Who typed the command is told what will happen, before it does; refusing ends the command with nothing done. */
export interface Asking {
  plan(plan: Plan): Promise<void>;
  destroy(release: string): Promise<void>;
}

export interface Serves {
  readonly kind: 'serves';
  readonly action: Plan['action'];
  readonly release: Release;
  readonly tookMs: number;
}

export type Outcome =
  | Serves
  | { readonly kind: 'prepared'; readonly release: Release }
  | { readonly kind: 'retired'; readonly results: readonly Retirement[] }
  /** Nothing was interrupted. */
  | { readonly kind: 'nothing' }
  /** What was interrupted is taken back, or finished since it had committed. */
  | {
      readonly kind: 'aborted';
      readonly command: string;
      readonly finished: boolean;
      /** It had committed, and everything went back, with the data. */
      readonly handedBack: boolean;
      readonly destroyed: readonly string[];
      readonly writer: Release | undefined;
    };

export interface Begun {
  readonly lease: Lease;
  readonly observed: Observed;
  readonly asking: Asking;
  /** What this one goes on with. */
  readonly before: Work | undefined;
}

/** Plans in what was observed, asks, writes down what is going to be done, and does it. */
export async function beginCommand(context: Context, command: ReleaseCommand, begun: Begun): Promise<Outcome> {
  const { observed, asking } = begun;
  if (command.kind === 'retire') {
    const { release, force } = command;
    if (release !== undefined && force) await asking.destroy(release);
    await writeDown(context, workFor(context, command, undefined, begun), begun);
    const run = () => retire(context, observed.world, { release, force });
    return { kind: 'retired', results: await withFailureHook(context, {}, run) };
  }
  if (command.kind === 'prepare') return prepare(context, command, begun);
  return serve(context, command, begun);
}

/** Whatever ends with one release that serves. */
export async function serve(
  context: Context,
  command: Exclude<PlannedCommand, { kind: 'prepare' }>,
  begun: Begun,
): Promise<Serves> {
  const { observed, asking } = begun;
  const plan = await planCommand(context, command, observed.situation);
  refuseUnfitTarget(observed.world, plan);
  await asking.plan(plan);
  const clock = context.operation.clock;
  const at = clock.now();
  const work = workFor(context, command, plan, begun);
  await writeDown(context, work, begun);
  const writer = await carryOut(context, plan, observed, (back) => writeDownBack(context, { ...work, back }, begun));
  await begun.lease.forgetLeft();
  return { kind: 'serves', action: plan.action, release: writer, tookMs: clock.now() - at };
}

/** Who goes on with a hand-back has that in hand, and nothing else. */
function workFor(
  { operation }: Context,
  command: ReleaseCommand,
  plan: Plan | undefined,
  { before }: Pick<Begun, 'before'>,
): Work {
  const operations = [...(before?.operations ?? []), operation.id];
  return before === undefined || before.back === null ? workOf(command, plan, operations) : { ...before, operations };
}

/** In the account for everybody; in the journal here, should the account have lost it. */
async function writeDown({ operation, lock }: Context, work: Work, { lease, observed }: Begun): Promise<void> {
  const { id, clock, journal } = operation;
  const entry = { at: clock.now(), operation: id, command: operation.command, step: work.command.kind };
  const data = { work: JSON.stringify(work), reason: lock.reason, beside: releaseNames(observed.world).join(' ') };
  await journal.append({ ...entry, event: 'begin', data });
  await lease.write(work);
}

/** Everything goes back, also where the account does not take it: only who goes on after a kill would not know. */
async function writeDownBack(context: Context, work: Work & { readonly back: Back }, begun: Begun): Promise<void> {
  await writeDown(context, work, begun).catch((error: unknown) => {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    warn(context.operation, `that everything goes back to ${work.back.to} could not be written down: ${error.found}`);
  });
}

/** Brings the next release up beside the live one, and leaves it there for promote. */
async function prepare(
  context: Context,
  command: Extract<ReleaseCommand, { kind: 'prepare' }>,
  begun: Begun,
): Promise<Outcome> {
  const plan = await planCommand(context, command, begun.observed.situation);
  if (plan.action !== 'promote') {
    throw new AnnyError('USAGE', {
      doing: 'preparing a release',
      found: plan.action === 'none' ? 'the live release has this image already' : 'there is no live release yet',
      next: plan.action === 'none' ? 'prepare --again, or bake a new image first' : 'anny-bluegreen promote',
    });
  }
  await writeDown(context, workFor(context, command, plan, begun), begun);
  const { from: writer, withoutBackup } = plan;
  await lowerTtl(context, begun.observed.world, [writer, ...plan.standbys]);
  const source = { kind: 'writer', writer, withoutBackup } as const;
  const { machine } = await withUndo(context.operation, () => prepareRelease(context, { ...plan, source }));
  await machine.box.close();
  return { kind: 'prepared', release: machine };
}
