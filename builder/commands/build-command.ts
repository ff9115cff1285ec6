import { type Command, Option } from 'commander';
import { nearest } from '../../config/nearest.ts';
import { answer, type GlobalOptions, yesNo } from '../../operation/command-line.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { BakeContext } from '../bake-context.ts';
import type { BuildWish, OnError } from '../build.ts';
import { buildAll } from '../build-all.ts';
import { planBuild, planText } from '../plan-build.ts';
import { withContext, writtenDown } from './open-context.ts';

interface BuildOptions {
  readonly why?: true;
  readonly dryRun?: true;
  readonly force?: true;
  readonly refresh?: true;
  readonly step?: string;
  readonly onError: OnError;
}

export function addBuildCommand(program: Command): void {
  program
    .command('build')
    .argument('[names...]', 'image definitions, baked side by side (default: image.name of config.yaml)')
    .description('bake an image and what it stands on, where no tested one with its digest exists')
    .option('--why', 'only say what would be baked, and which inputs changed, against which image')
    .option('--dry-run', 'the same with every step, and how long each took last time; touches nothing')
    .option('--force', 'bake although it exists')
    .option('--refresh', 'bake it and all that it stands on again, for newer packages')
    .option('--step <name>', 'stop before a step, and leave the machine for a look; --dry-run names the steps')
    .addOption(
      new Option('--on-error <what>', 'what becomes of the machine of a failed bake')
        .choices(['keep', 'destroy', 'ask'])
        .default('destroy'),
    )
    .action((names: string[], options: BuildOptions, command: Command) =>
      withContext(command, (context) => {
        const wishes = wishesOf(context, names, options);
        return options.why || options.dryRun ? look(context, command, wishes) : bakeThem(context, command, wishes);
      }),
    );
}

function wishesOf({ settings }: BakeContext, names: readonly string[], options: BuildOptions): readonly BuildWish[] {
  const wanted = names.length === 0 ? [settings.config.image.name] : [...new Set(names)];
  const { force = false, refresh = false, onError } = options;
  return wanted.map((name) => ({ name, force, refresh, onError }));
}

/** For a command that needs the image first: bakes it where no tested one with its digest exists. Returns the digest. */
export async function bakeFirst(command: Command): Promise<string> {
  let digest = '';
  await withContext(command, async (context) => {
    const { name } = context.settings.config.image;
    const wish = { name, force: false, onError: 'destroy' } as const;
    const built = await writtenDown(context, () => buildAll(context, [wish], async () => false));
    digest = built.find((one) => one.name === name)?.digest ?? digest;
  });
  return digest;
}

async function look(context: BakeContext, command: Command, wishes: readonly BuildWish[]): Promise<void> {
  const { dryRun } = command.opts<BuildOptions>();
  const plans = await Promise.all(wishes.map((wish) => planBuild(context, wish)));
  const images = [...new Map(plans.flatMap((plan) => plan.images).map((image) => [image.digest, image])).values()];
  answer(command, { images }, planText({ images }, dryRun === true));
}

async function bakeThem(context: BakeContext, command: Command, wishes: readonly BuildWish[]): Promise<void> {
  const { json, yes }: GlobalOptions = command.optsWithGlobals();
  const { onError } = command.opts<BuildOptions>();
  const keep = async (error: unknown): Promise<boolean> => {
    if (onError === 'keep') return true;
    if (onError === 'destroy' || json || yes || !process.stdin.isTTY) return false;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return yesNo('keep the machine for a look? It costs until you destroy it.', context.operation.interrupt);
  };
  const { step } = command.opts<BuildOptions>();
  if (step !== undefined) await requireStep(context, wishes, step);
  const stopping = step === undefined ? context : { ...context, operation: { ...context.operation, stopBefore: step } };
  const built = await writtenDown(stopping, () => buildAll(stopping, wishes, keep));
  const lines = built.map(
    (one) =>
      `${one.name}  ${one.digest.slice(0, 12)}  ${one.snapshotId}  ${one.baked ? 'baked and tested' : 'was there already'}`,
  );
  answer(command, { images: built }, `${lines.join('\n')}\n`);
}

async function requireStep(context: BakeContext, wishes: readonly BuildWish[], step: string): Promise<void> {
  const plans = await Promise.all(wishes.map((wish) => planBuild(context, wish)));
  const names = [
    ...new Set(plans.flatMap(({ images }) => images.flatMap(({ steps }) => steps.map(({ name }) => name)))),
  ];
  if (names.includes(step)) return;
  const meant = nearest(step, names);
  throw new AnnyError('USAGE', {
    doing: `stopping before "${step}"`,
    found: names.length === 0 ? 'nothing would be baked' : 'no bake here has that step',
    next:
      names.length === 0
        ? '--force bakes although the image exists'
        : `${meant === undefined ? '' : `did you mean "${meant}"? `}the steps are ${names.join(', ')}`,
  });
}
