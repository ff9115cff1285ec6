import type { Command } from 'commander';
import { answer } from '../../operation/command-line.ts';
import type { BakeContext } from '../bake-context.ts';
import { outdated, outdatedText } from '../outdated.ts';
import { verify } from '../verify.ts';
import { withContext, writtenDown } from './open-context.ts';

const MEANT = 'name, snapshot id, or first characters of the digest (default: the newest of image.name)';

/** Commands that boot a machine from an image, ask it, and destroy it. */
export function addVerifyCommands(program: Command): void {
  program
    .command('verify')
    .argument('[image]', MEANT)
    .option('--papers', 'only signature, digest and snapshot: boots nothing')
    .description('check who signed an image, boot it on a fresh machine, compare it with its papers, and test it again')
    .action((wanted: string | undefined, options: { papers?: true }, command: Command) =>
      withContext(command, (context) => verifyCommand(context, command, wanted, options.papers === true)),
    );
  program
    .command('outdated')
    .argument('[image]', MEANT)
    .description('packages of an image that have newer versions now, security updates first')
    .action((wanted: string | undefined, _options, command: Command) =>
      withContext(command, (context) => outdatedCommand(context, command, wanted)),
    );
}

async function verifyCommand(
  context: BakeContext,
  command: Command,
  wanted: string | undefined,
  papersOnly: boolean,
): Promise<void> {
  const name = wanted ?? context.settings.config.image.name;
  const result = await writtenDown(context, () => verify(context, name, papersOnly));
  const lines = result.checks.map(
    (check) => `${check.ok ? '✔' : '✖'} ${check.name}${check.ok ? '' : `: ${check.found}`}`,
  );
  answer(command, result, `${lines.join('\n')}\n`);
  if (result.checks.some(({ ok }) => !ok)) process.exitCode = 1;
}

async function outdatedCommand(context: BakeContext, command: Command, wanted: string | undefined): Promise<void> {
  const found = await writtenDown(context, () => outdated(context, wanted ?? context.settings.config.image.name));
  answer(command, found, outdatedText(found));
}
