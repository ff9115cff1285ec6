import { type Command, Option } from 'commander';
import { bakeFirst } from '../builder/commands/build-command.ts';
import { agree, answer } from '../operation/command-line.ts';
import { addLockOptions } from '../operation/lock-options.ts';
import type { Asking } from './begin-command.ts';
import type { OperatorCommand, PlannedCommand } from './command.ts';
import type { Context } from './context.ts';
import { planCost } from './cost/plan-cost.ts';
import { gateText } from './gates.ts';
import { longTtl } from './lower-ttl.ts';
import { observe } from './observe.ts';
import { withContext } from './open-context.ts';
import { tellOutcome } from './outcome-text.ts';
import type { Plan } from './plan.ts';
import { planCommand } from './plan-command.ts';
import { planText, viewPlan } from './plan-text.ts';
import { releasesIn } from './release.ts';
import { chooseReservedIp } from './reserved-ip.ts';
import { roomProblems } from './room.ts';
import { runCommand } from './run-command.ts';
import { judge } from './situation.ts';
import { statusOf } from './status.ts';
import { whyNoBackup } from './take-backup.ts';
import { refuseUnfitName, refuseUnfitTarget } from './unfit-name.ts';
import { watchText } from './watch-limits.ts';

interface PromoteOptions {
  readonly build?: true;
  readonly image?: string;
  readonly again?: true;
  readonly withoutBackup?: true;
}

interface RollbackOptions {
  readonly to?: string;
  readonly loseWrites?: true;
}

interface RestoreOptions {
  readonly image?: string;
  readonly backup?: string;
  readonly loseWrites?: true;
}

const IMAGE = [
  '--image <digest>',
  'image by the first characters of its digest (default: the newest tested one of this environment)',
] as const;
const AGAIN = [
  '--again',
  'bring up a new machine although the live one has this image (new secrets, for example)',
] as const;

const DIGEST_CHARS = 12;

const BUILD = new Option(
  '--build',
  'bake first (anny-image build), where no tested image of what lies here exists; then bring up that one',
).conflicts('image');

const REBUILD = `rebuild is promote --again: a fresh machine from the newest tested image takes over with all data; nothing is mended in place.
The app is as it was baked: anny-image build comes first where it has changed.`;
const WITHOUT_BACKUP = [
  '--without-backup',
  'although no backup can be made and proved: the new machine gets the state from the live one alone; where there is no machine any more, it begins with nothing',
] as const;

/** Commands that change who serves, and `plan`, which prints what they would do. */
export function addReleaseCommands(program: Command): void {
  const promotes = (kind: 'promote' | 'prepare', options: PromoteOptions): PlannedCommand => ({
    ...{ kind, image: options.image, again: options.again === true },
    withoutBackup: options.withoutBackup === true,
  });
  program
    .command('plan')
    .description('what promote would do, how long it took last time, what it costs; touches nothing')
    .option(...IMAGE)
    .option(...AGAIN)
    .option(...WITHOUT_BACKUP)
    .action((options: PromoteOptions, line: Command) => showPlan(line, promotes('promote', options)));
  addLockOptions(program.command('prepare'))
    .description('bring the next release up beside the live one, and leave it there for promote')
    .option(...IMAGE)
    .option(...AGAIN)
    .option(...WITHOUT_BACKUP)
    .action((options: PromoteOptions, line: Command) => carry(line, promotes('prepare', options)));
  addLockOptions(program.command('promote'))
    .description('prepare, hand over with the data, switch the name, watch')
    .addOption(BUILD)
    .option(...IMAGE)
    .option(...AGAIN)
    .option(...WITHOUT_BACKUP)
    .action(async ({ build, ...options }: PromoteOptions, line: Command) => {
      // What was just looked for, and nothing that somebody else has baked meanwhile.
      const image = build ? { image: (await bakeFirst(line)).slice(0, DIGEST_CHARS) } : {};
      await carry(line, promotes('promote', { ...options, ...image }));
    });
  addLockOptions(program.command('rebuild'))
    .description('promote --again: the live release anew on a fresh machine, with its data')
    .option(...IMAGE)
    .action((options: PromoteOptions, line: Command) => {
      process.stderr.write(`${REBUILD}\n`);
      return carry(line, promotes('promote', { ...options, again: true }));
    });
  addLockOptions(program.command('settle'))
    .description('put the name, certificate, marks and standbys of the live release in order; brings up nothing')
    .action((_options, line: Command) => carry(line, { kind: 'settle' }));
  addLockOptions(program.command('rollback'))
    .description('hand over back to the standby, with everything written since')
    .option('--to <release>', 'standby to go back to (default: the newest)')
    .option('--lose-writes', 'the newer machine is dead: go back without its writes')
    .action(({ to, loseWrites }: RollbackOptions, line: Command) =>
      carry(line, { kind: 'rollback', to, loseWrites: loseWrites === true }),
    );
  addLockOptions(program.command('restore'))
    .description('the live machine is gone: a new one from snapshot and backup')
    .option(...IMAGE)
    .option('--backup <name>', 'backup to restore (default: the newest)')
    .option('--lose-writes', 'although a live machine answers: its newer writes are given up')
    .action(({ image, backup, loseWrites }: RestoreOptions, line: Command) =>
      carry(line, { kind: 'restore', image, backup, loseWrites: loseWrites === true }),
    );
  addLockOptions(program.command('retire'))
    .argument('[release]', 'one release (default: every standby that is due)')
    .description('destroy standbys whose window is over and whose traffic has ended')
    .option('--force', 'also inside its window or without an answer; needs the name of the release')
    .action((release: string | undefined, { force }: { force?: true }, line: Command) =>
      carry(line, { kind: 'retire', release, force: force === true }),
    );
  addLockOptions(program.command('resume'))
    .description('go on with the command that was cut off last, from any computer, to its end')
    .action((_options, line: Command) => carry(line, { kind: 'resume' }));
  addLockOptions(program.command('abort'))
    .description('take back the command that was cut off last; what had been committed is finished instead')
    .action((_options, line: Command) => carry(line, { kind: 'abort' }));
}

/** Observes without settling: a plan touches nothing. */
function showPlan(line: Command, command: PlannedCommand): Promise<void> {
  return withContext(line, async (context) => {
    const world = await observe(context);
    try {
      refuseUnfitName(world);
      const plan = await planCommand(context, command, judge(world));
      refuseUnfitTarget(world, plan);
      const shown = await view(context, plan);
      answer(line, shown, planText(shown));
    } finally {
      await world.close();
    }
  });
}

function carry(line: Command, command: OperatorCommand): Promise<void> {
  return withContext(line, async (context) => {
    const outcome = await runCommand(context, command, askingAt(line, context));
    const looksOn = outcome.kind !== 'serves' && outcome.kind !== 'prepared';
    const { publicName } = context.settings;
    const next = looksOn ? await nextOf(context) : undefined;
    const { data, text } = tellOutcome(outcome, { publicName, warnings: context.operation.warnings, next });
    answer(line, data, text);
  });
}

function askingAt(line: Command, context: Context): Asking {
  return {
    plan: async (plan) => {
      if (plan.action === 'none') return;
      process.stderr.write(planText(await view(context, plan)));
      await agree(line, `go on in ${context.settings.environment}?`);
    },
    destroy: (release) => agree(line, `destroy ${release}?`),
  };
}

async function nextOf(context: Context) {
  const world = await observe(context);
  try {
    return (await statusOf(context, world)).next;
  } finally {
    await world.close();
  }
}

async function view(context: Context, plan: Plan) {
  const { config, publicName } = context.settings;
  const [plans, instances, way] = await Promise.all([
    context.cloud.plans(),
    context.cloud.instances(),
    lookAtWay(context),
  ]);
  const machines = releasesIn(instances, context.settings.environment);
  return viewPlan(plan, {
    name: publicName,
    longTtl: longTtl(way, config.deploy.ttl),
    reservedIp: way.reservedIp?.address,
    led: way.record?.data,
    standbyWindowMs: config.deploy.standby_window,
    watch: watchText(config.deploy),
    holdBudgetMs: config.deploy.hold_budget,
    backupsConfigured: context.backups.configured,
    noBackup: whyNoBackup(context.backups),
    smoke: context.smoke.script !== undefined,
    hooks: config.deploy.hooks,
    gate: gateText(config.deploy.health),
    weeklyLimit: config.tls.weekly_limit,
    acmeServer: config.tls.acme_server,
    room: roomProblems(plan, {
      ...{ plans, planOfNew: config.infra.vultr_plan, region: config.infra.vultr_region },
      ...{ machines: instances.length, limit: config.infra.instance_limit },
    }),
    cost: planCost(plan, {
      ...{ machines, plans, planOfNew: config.infra.vultr_plan },
      standbyWindowMs: config.deploy.standby_window,
    }),
    journal: await context.operation.journal.entries(),
  });
}

/** What traffic comes by now, and will. */
async function lookAtWay({ settings, cloud }: Context) {
  const { infra, deploy } = settings.config;
  const byReservedIp = deploy.switch === 'reserved_ip';
  const [records, all] = await Promise.all([
    cloud.records(infra.parent_domain),
    byReservedIp ? cloud.reservedIps() : [],
  ]);
  return {
    switchedBy: deploy.switch,
    record: records.find(({ type, name }) => type === 'A' && name === infra.subdomain),
    reservedIp: byReservedIp ? chooseReservedIp(settings, all) : undefined,
  };
}
