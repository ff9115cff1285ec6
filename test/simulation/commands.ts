import { carryOut } from '../../bluegreen/carry-out.ts';
import type { Context } from '../../bluegreen/context.ts';
import { observe } from '../../bluegreen/observe.ts';
import { type Plan, planPromote, planRestore, planRollback } from '../../bluegreen/plan.ts';
import { prepareRelease } from '../../bluegreen/prepare.ts';
import { retire } from '../../bluegreen/retire.ts';
import { type Observed, observeSettled } from '../../bluegreen/settle.ts';
import { type StatusView, statusOf } from '../../bluegreen/status.ts';
import { type Image, imagesIn, latestTested } from '../../builder/catalog.ts';
import { AnnyError } from '../../operation/errors.ts';
import { withUndo } from '../../operation/step.ts';

/** What an operator types. */
export type Command =
  | { readonly kind: 'promote'; readonly again: boolean }
  | { readonly kind: 'prepare'; readonly again: boolean }
  | { readonly kind: 'rollback'; readonly loseWrites: boolean; readonly to?: string }
  | { readonly kind: 'restore'; readonly loseWrites: boolean }
  | { readonly kind: 'retire'; readonly release?: string; readonly force: boolean };

/** What a command is told by its plan before anything happens. */
export type Announce = (plan: Plan) => void;

/** The commands of anny-bluegreen, without the terminal around them. Resolves with the release that serves, if it says one. */
export async function run(context: Context, command: Command, announce: Announce): Promise<string | undefined> {
  const observed = await observeSettled(context);
  try {
    switch (command.kind) {
      case 'retire':
        await retire(context, observed.world, { release: command.release, force: command.force });
        return undefined;
      case 'prepare':
        await prepare(context, await planOf(context, command, observed));
        return undefined;
      default: {
        const plan = await planOf(context, command, observed);
        announce(plan);
        return (await carryOut(context, plan, observed)).tags.release;
      }
    }
  } finally {
    await observed.world.close();
  }
}

async function planOf(
  context: Context,
  command: Exclude<Command, { kind: 'retire' }>,
  { situation }: Observed,
): Promise<Plan> {
  const nowSeconds = context.operation.clock.now() / 1000;
  switch (command.kind) {
    case 'promote':
    case 'prepare':
      return planPromote(situation, { image: await newestImage(context), again: command.again });
    case 'rollback':
      return planRollback(situation, { to: command.to, loseWrites: command.loseWrites, nowSeconds });
    case 'restore': {
      const [image, backups] = [await newestImage(context), await context.backups.list()];
      return planRestore(situation, { image, backups, backup: undefined, loseWrites: command.loseWrites, nowSeconds });
    }
  }
}

async function newestImage(context: Context): Promise<Image> {
  const image = latestTested(await imagesIn(context.cloud), context.settings.config.image.name);
  if (image !== undefined) return image;
  throw new AnnyError('IMAGE_MISSING', { doing: 'looking for an image', found: 'none', next: 'bake one' });
}

async function prepare(context: Context, plan: Plan): Promise<void> {
  if (plan.action !== 'promote') {
    throw new AnnyError('USAGE', { doing: 'preparing', found: 'nothing to prepare', next: 'promote' });
  }
  const source = { kind: 'writer', writer: plan.from } as const;
  await withUndo(context.operation, () => prepareRelease(context, { ...plan, source }));
}

export async function look(context: Context): Promise<StatusView> {
  const world = await observe(context);
  try {
    return await statusOf(context, world);
  } finally {
    await world.close();
  }
}
