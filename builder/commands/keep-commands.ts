import type { Command } from 'commander';
import { dollars, moneyText } from '../../cloud/money.ts';
import { pricesOf } from '../../cloud/prices.ts';
import { duration } from '../../config/duration.ts';
import { agree, answer } from '../../operation/command-line.ts';
import { AnnyError } from '../../operation/errors.ts';
import { runStep } from '../../operation/step.ts';
import { screenColumns } from '../../operation/wrap.ts';
import type { BakeContext } from '../bake-context.ts';
import { imagesIn } from '../catalog.ts';
import { keptMachine, sshIntoKept } from '../kept.ts';
import { archiveIn, dropImage } from '../papers/archive.ts';
import { environmentOf } from '../papers/papers.ts';
import { judgeForPrune, keptOf } from '../prune.ts';
import { pruneText } from '../prune-text.ts';
import { sweepBakes, sweepKilled } from '../sweep.ts';
import { whoseAre } from '../whose.ts';
import { withContext } from './open-context.ts';

interface PruneOptions {
  readonly keep: string;
  readonly olderThan: string;
  readonly dryRun?: true;
}

/** Commands that take away what nothing needs. */
export function addKeepCommands(program: Command): void {
  program
    .command('prune')
    .option('--keep <count>', 'so many of each name and environment stay in any case, the newest first', '3')
    .option('--older-than <age>', 'younger ones stay too', '30d')
    .option('--dry-run', 'only say what would go, what stays and why, and what that saves')
    .description('delete images that no release, rollback, recovery or next bake needs; asks before')
    .action((options: PruneOptions, command: Command) =>
      withContext(command, (context) => prune(context, command, options)),
    );
  program
    .command('sweep')
    .argument('[operations...]', 'bakes by their operation (default: those that were killed on this computer)')
    .description('destroy the machines and untested snapshots of bakes that were killed')
    .action((operations: string[], _options, command: Command) =>
      withContext(command, async (context) => {
        if (operations.length > 0) await sweepBakes(context, operations);
        const swept = operations.length > 0 ? operations : await sweepKilled(context);
        answer(command, { swept }, swept.length > 0 ? '' : 'no bake was killed on this computer: nothing to sweep\n');
      }),
    );
  program
    .command('ssh')
    .argument('[machine]', 'operation or label of a bake that left its machine (default: the only one)')
    .argument('[command...]', 'after --')
    .description('a shell on the machine that a bake left for a look, as anny-bake, who may sudo')
    .action((_machine: string | undefined, _rest: string[], _options, command: Command) =>
      withContext(command, async (context) => {
        const { named, words } = sshWords(command.args);
        process.exitCode = await sshIntoKept(context, await keptMachine(context, named), words);
      }),
    );
}

/** `ssh -- uptime` means the only machine: commander does not tell what stood before the "--". */
function sshWords(given: readonly string[]): { named: string | undefined; words: readonly string[] } {
  const dashes = process.argv.indexOf('--');
  const after = dashes === -1 ? 0 : process.argv.length - dashes - 1;
  return given.length > after ? { named: given[0], words: given.slice(1) } : { named: undefined, words: given };
}

async function prune(context: BakeContext, command: Command, options: PruneOptions): Promise<void> {
  const { cloud, operation } = context;
  const rules = { keep: countOf(options.keep), olderThanMs: ageOf(options.olderThan), nowMs: operation.clock.now() };
  const [images, instances] = await Promise.all([imagesIn(cloud), cloud.instances()]);
  const archive = archiveIn(cloud, context.settings.directory);
  const tested = images.filter(({ stage }) => stage === 'tested');
  const whose = await whoseAre(tested, async (image) => environmentOf(await archive.recall(image)));
  const judged = judgeForPrune(images, whose, instances, rules);
  const goes = judged.flatMap(({ image, stays }) => (stays === undefined ? [image] : []));
  const prices = pricesOf(context.settings.config);
  const stays = judged.flatMap((one) => (one.stays === undefined ? [] : [one.image]));
  const freed = keptOf(goes, prices);
  const data = {
    ...{ judged, deleted: 0, bytes: freed.bytes, monthlyUsd: dollars(freed.monthly) },
    staysMonthlyUsd: dollars(keptOf(stays, prices).monthly),
  };
  const text = pruneText(judged, prices, screenColumns());
  if (options.dryRun || goes.length === 0) return answer(command, data, text);
  process.stderr.write(text);
  await agree(command, `delete ${goes.length === 1 ? 'this image' : `these ${goes.length} images`}?`);
  for (const image of goes) {
    const name = `delete ${image.name} ${image.digest.slice(0, 12)}`;
    await runStep(operation, { name, run: () => dropImage(cloud, image) });
  }
  const deleted = goes.length === 1 ? '1 image' : `${goes.length} images`;
  answer(command, { ...data, deleted: goes.length }, `${deleted} deleted, ${moneyText(freed.monthly)} a month less\n`);
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw wrongOption('--keep', text, 'a whole number, at least 1: the newest of each name and environment always stays');
}

function ageOf(text: string): number {
  const { success, data } = duration.safeParse(text);
  if (success) return data;
  throw wrongOption('--older-than', text, 'a number and a unit: 12h or 30d');
}

function wrongOption(option: string, found: string, allowed: string): AnnyError {
  return new AnnyError('USAGE', { doing: `reading ${option}`, found: `"${found}"`, next: `allowed: ${allowed}` });
}
