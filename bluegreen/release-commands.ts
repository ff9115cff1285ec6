import type { Command } from 'commander';
import { type Image, imagesIn, latestTested } from '../builder/catalog.ts';
import { agree, answer } from '../operation/command-line.ts';
import { AnnyError } from '../operation/errors.ts';
import { withUndo } from '../operation/step.ts';
import { carryOut } from './carry-out.ts';
import type { Context } from './context.ts';
import { observe } from './observe.ts';
import { withContext } from './open-context.ts';
import { type Plan, planPromote, planRestore, planRollback } from './plan.ts';
import { planText, viewPlan } from './plan-text.ts';
import { prepareRelease } from './prepare.ts';
import { retire } from './retire.ts';
import { type Observed, observeSettled } from './settle.ts';
import { judge } from './situation.ts';
import { statusOf } from './status.ts';

interface PromoteOptions {
  readonly image?: string;
  readonly again?: boolean;
}

interface RollbackOptions {
  readonly to?: string;
  readonly loseWrites?: boolean;
}

interface RestoreOptions extends PromoteOptions {
  readonly backup?: string;
  readonly loseWrites?: boolean;
}

type Planner = (context: Context, observed: Observed) => Promise<Plan>;

/** Commands that change who serves, and `plan`, which prints what they would do. */
export function addReleaseCommands(program: Command): void {
  const again = '--again';
  const againText = 'bring up a new machine although the live one has this image (new secrets, for example)';
  program
    .command('plan')
    .description('what promote would do, how long it took last time, what it costs; touches nothing')
    .option('--image <digest>', 'image by the first characters of its digest (default: the newest tested)')
    .option(again, againText)
    .action((options: PromoteOptions, command: Command) => showPlan(command, promotePlanner(options)));
  program
    .command('prepare')
    .description('bring the next release up beside the live one, and leave it there for promote')
    .option('--image <digest>', 'image by the first characters of its digest (default: the newest tested)')
    .option(again, againText)
    .action((options: PromoteOptions, command: Command) => prepare(command, options));
  program
    .command('promote')
    .description('prepare, hand over with the data, switch the name, watch')
    .option('--image <digest>', 'image by the first characters of its digest (default: the newest tested)')
    .option(again, againText)
    .action((options: PromoteOptions, command: Command) => carry(command, promotePlanner(options)));
  program
    .command('rollback')
    .description('hand over back to the standby, with everything written since')
    .option('--to <release>', 'standby to go back to (default: the newest)')
    .option('--lose-writes', 'the newer machine is dead: go back without its writes')
    .action((options: RollbackOptions, command: Command) => carry(command, rollbackPlanner(options)));
  program
    .command('restore')
    .description('the live machine is gone: a new one from snapshot and backup')
    .option('--image <digest>', 'image by the first characters of its digest (default: the newest tested)')
    .option('--backup <name>', 'backup to restore (default: the newest)')
    .option('--lose-writes', 'although a live machine answers: its newer writes are given up')
    .action((options: RestoreOptions, command: Command) => carry(command, restorePlanner(options)));
  program
    .command('retire')
    .argument('[release]', 'one release (default: every standby that is due)')
    .description('destroy standbys whose window is over and whose traffic has ended')
    .option('--force', 'also inside its window or without an answer; needs the name of the release')
    .action((release: string | undefined, options: { force?: boolean }, command: Command) =>
      retireCommand(command, release, options.force === true),
    );
}

function promotePlanner(options: PromoteOptions): Planner {
  return async (context, { situation }) =>
    planPromote(situation, { image: await chooseImage(context, options.image), again: options.again === true });
}

function rollbackPlanner(options: RollbackOptions): Planner {
  return async (context, { situation }) =>
    planRollback(situation, {
      to: options.to,
      loseWrites: options.loseWrites === true,
      nowSeconds: context.operation.clock.now() / 1000,
    });
}

function restorePlanner(options: RestoreOptions): Planner {
  return async (context, { situation }) =>
    planRestore(situation, {
      image: await chooseImage(context, options.image),
      backups: await context.backups.list(),
      backup: options.backup,
      loseWrites: options.loseWrites === true,
      nowSeconds: context.operation.clock.now() / 1000,
    });
}

async function chooseImage(context: Context, digest: string | undefined): Promise<Image> {
  const { name } = context.settings.config.image;
  const images = await imagesIn(context.cloud);
  const image = latestTested(images, name, digest);
  if (image !== undefined) return image;
  const others = images.filter((one) => one.name === name).map((one) => `${one.digest.slice(0, 12)} (${one.stage})`);
  throw new AnnyError('IMAGE_MISSING', {
    doing: `looking for a tested image "${name}"${digest === undefined ? '' : ` with digest ${digest}`}`,
    found: others.length === 0 ? 'the account has none' : `the account has ${others.join(', ')}`,
    next: `anny-image build ${name}`,
  });
}

async function view(context: Context, plan: Plan) {
  const { config, publicName } = context.settings;
  const plans = await context.cloud.plans();
  const cost = plans.find(({ id }) => id === config.infra.vultr_plan)?.monthlyCostUsd;
  return viewPlan(plan, {
    name: publicName,
    standbyWindowMs: config.deploy.standby_window,
    watchMs: config.deploy.watch,
    holdBudgetMs: config.deploy.hold_budget,
    backupsConfigured: context.backups.configured,
    smoke: context.smoke.script !== undefined,
    monthlyCostUsd:
      cost === undefined ? null : cost * (plan.action === 'promote' || plan.action === 'rollback' ? 2 : 1),
    journal: await context.operation.journal.entries(),
  });
}

/** Observes without settling: a plan touches nothing. */
function showPlan(command: Command, planner: Planner): Promise<void> {
  return withContext(command, async (context) => {
    const world = await observe(context);
    try {
      const shown = await view(context, await planner(context, { world, situation: judge(world) }));
      answer(command, shown, planText(shown));
    } finally {
      await world.close();
    }
  });
}

function carry(command: Command, planner: Planner): Promise<void> {
  return withContext(command, async (context) => {
    const observed = await observeSettled(context);
    try {
      const plan = await planner(context, observed);
      const shown = await view(context, plan);
      if (plan.action !== 'none') {
        process.stderr.write(context.settings.environment === '' ? '' : planText(shown));
        await agree(command, `go on in ${context.settings.environment}?`);
      }
      const begun = context.operation.clock.now();
      const writer = await carryOut(context, plan, observed);
      const tookMs = context.operation.clock.now() - begun;
      const done = { action: plan.action, release: writer.tags.release, address: writer.address, tookMs };
      answer(
        command,
        done,
        `${done.release} serves ${context.settings.publicName} from ${done.address} (${(tookMs / 1000).toFixed(1)} s)\n`,
      );
    } finally {
      await observed.world.close();
    }
  });
}

function prepare(command: Command, options: PromoteOptions): Promise<void> {
  return withContext(command, async (context) => {
    const observed = await observeSettled(context);
    try {
      const plan = await promotePlanner(options)(context, observed);
      if (plan.action !== 'promote') {
        throw new AnnyError('USAGE', {
          doing: 'preparing a release',
          found: plan.action === 'none' ? 'the live release has this image already' : 'there is no live release yet',
          next: plan.action === 'none' ? 'prepare --again, or bake a new image first' : 'anny-bluegreen promote',
        });
      }
      const machine = await withUndo(context.operation, () =>
        prepareRelease(context, { ...plan, source: { kind: 'writer', writer: plan.from } }),
      );
      const { release } = machine.tags;
      answer(
        command,
        { release, address: machine.address },
        `${release} is ready at ${machine.address}; promote moves data and traffic\n`,
      );
      await machine.box.close();
    } finally {
      await observed.world.close();
    }
  });
}

function retireCommand(command: Command, release: string | undefined, force: boolean): Promise<void> {
  return withContext(command, async (context) => {
    if (force && release === undefined) {
      throw new AnnyError('USAGE', {
        doing: 'retiring',
        found: '--force without the name of a release',
        next: 'anny-bluegreen status lists them; retire RELEASE --force',
      });
    }
    const { world } = await observeSettled(context);
    try {
      if (release !== undefined && force) await agree(command, `destroy ${release}?`);
      const results = await retire(context, world, { release, force });
      const lines = results.map((one) => `${one.release} ${one.retired ? 'destroyed' : 'stays'}: ${one.reason}`);
      answer(
        command,
        { results, next: (await statusOf(context, world)).next },
        `${lines.join('\n') || 'there is no standby'}\n`,
      );
    } finally {
      await world.close();
    }
  });
}
