import { type Command, Option } from 'commander';
import { answer, type GlobalOptions, yesNo } from '../../operation/command-line.ts';
import type { BakeContext } from '../bake-context.ts';
import { type BuildWish, build, type OnError } from '../build.ts';
import { planBuild, planText } from '../plan-build.ts';
import { withContext, writtenDown } from './open-context.ts';

interface BuildOptions {
  readonly why?: true;
  readonly dryRun?: true;
  readonly force?: true;
  readonly refresh?: true;
  readonly onError: OnError;
}

export function addBuildCommand(program: Command): void {
  program
    .command('build')
    .argument('[name]', 'image definition (default: image.name of config.yaml)')
    .description('bake an image and what it stands on, where no tested one with its digest exists')
    .option('--why', 'only say what would be baked, and which inputs changed, against which image')
    .option('--dry-run', 'the same with every step, how long each took last time, and what it costs; touches nothing')
    .option('--force', 'bake although it exists')
    .option('--refresh', 'bake it and all that it stands on again, for newer packages')
    .addOption(
      new Option('--on-error <what>', 'what becomes of the machine of a failed bake')
        .choices(['keep', 'destroy', 'ask'])
        .default('destroy'),
    )
    .action((name: string | undefined, options: BuildOptions, command: Command) =>
      withContext(command, (context) => {
        const wish = wishOf(context, name, options);
        return options.why || options.dryRun ? look(context, command, wish) : bakeIt(context, command, wish);
      }),
    );
}

function wishOf({ settings }: BakeContext, name: string | undefined, options: BuildOptions): BuildWish {
  return {
    name: name ?? settings.config.image.name,
    force: options.force === true,
    refresh: options.refresh === true,
    onError: options.onError,
  };
}

async function look(context: BakeContext, command: Command, wish: BuildWish): Promise<void> {
  const { dryRun } = command.opts<BuildOptions>();
  const plan = await planBuild(context, wish);
  answer(command, plan, planText(plan, dryRun === true));
}

async function bakeIt(context: BakeContext, command: Command, wish: BuildWish): Promise<void> {
  const { json, yes }: GlobalOptions = command.optsWithGlobals();
  const keep = async (error: unknown): Promise<boolean> => {
    if (wish.onError === 'keep') return true;
    if (wish.onError === 'destroy' || json || yes || !process.stdin.isTTY) return false;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return yesNo('keep the machine for a look? It costs until you destroy it.');
  };
  const built = await writtenDown(context, () => build(context, wish, keep));
  const lines = built.map(
    (one) =>
      `${one.name}  ${one.digest.slice(0, 12)}  ${one.snapshotId}  ${one.baked ? 'baked and tested' : 'was there already'}`,
  );
  answer(command, { images: built }, `${lines.join('\n')}\n`);
}
