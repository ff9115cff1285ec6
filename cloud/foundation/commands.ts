import type { Command } from 'commander';
import { agree, answer } from '../../operation/command-line.ts';
import { AnnyError } from '../../operation/errors.ts';
import { openAccountOf } from '../account/open.ts';
import { dollars } from '../money.ts';
import { pricesOf } from '../prices.ts';
import { type Change, changesText, nameIn, titleIn } from './changes.ts';
import { HOW_TO_UNPROTECT } from './failure.ts';
import { foundationMonth, foundationMonthText } from './monthly.ts';
import { type Context, engage, withFoundation } from './open-context.ts';
import { resourcesIn } from './stack.ts';

/** Commands over Pulumi's engine; `import` has a file of its own. */
export function addEngineCommands(program: Command): void {
  program
    .command('preview')
    .description('what is there, what is declared in config.yaml, and what up would change; touches nothing')
    .action((_options, command: Command) =>
      withFoundation(command, async (context) => {
        const changes = await preview(context);
        const prices = pricesOf(context.settings.config);
        const monthlyUsd = dollars(foundationMonth(context.declared, prices));
        const text = `${changesText(changes)}${foundationMonthText(context.declared, prices)}`;
        answer(command, { changes, monthlyUsd }, text);
      }),
    );
  program
    .command('up')
    .description('make the account as declared: SSH keys, firewall group, domain, record, and what else is asked for')
    .action((_options, command: Command) => withFoundation(command, (context) => up(context, command)));
  program
    .command('destroy')
    .description('destroy what up made, but for what is protected; refused while machines of Anny live')
    .action((_options, command: Command) => withFoundation(command, (context) => destroy(context, command)));
  program
    .command('outputs')
    .description('ids and addresses of what was made; no secrets')
    .action((_options, command: Command) => withFoundation(command, (context) => outputs(context, command)));
}

/** With a look at the account first: what was changed by hand shows. */
async function preview(context: Context): Promise<readonly Change[]> {
  const { changes } = await engage(context, 'preview', ({ onEvent }) =>
    context.stack.preview({ refresh: true, onEvent }),
  );
  return changes;
}

async function up(context: Context, command: Command): Promise<void> {
  const planned = await preview(context);
  if (planned.length > 0) {
    const month = foundationMonthText(context.declared, pricesOf(context.settings.config));
    process.stderr.write(`${changesText(planned)}${month}`);
    await agree(command, 'make these changes?');
  }
  // Also with nothing to change: protection and outputs are part of the state.
  const { changes } = await engage(context, 'up', ({ onEvent }) => context.stack.up({ refresh: true, onEvent }));
  answer(command, { changes, outputs: await outputsOf(context) }, changesText(changes));
}

async function destroy(context: Context, command: Command): Promise<void> {
  await refuseWhileMachinesLive(context);
  const resources = await resourcesIn(context.stack);
  const named = (protect: boolean): string[] =>
    resources.filter((one) => one.protect === protect).map(({ urn }) => titleIn(context.declared, nameIn(urn)));
  const [goes, kept] = [named(false), named(true)];
  const keptText =
    kept.length === 0 ? '' : `protected, and kept: ${kept.join(', ')}\n  to destroy them too: ${HOW_TO_UNPROTECT}\n`;
  if (goes.length === 0) return answer(command, { destroyed: [], kept }, keptText || 'there is nothing to destroy\n');
  process.stderr.write(`${goes.map((title) => `- delete   ${title}`).join('\n')}\n${keptText}`);
  await agree(command, `destroy ${goes.length === 1 ? 'it' : `these ${goes.length}`}?`);
  await engage(context, 'destroy', ({ onEvent }) => context.stack.destroy({ excludeProtected: true, onEvent }));
  answer(command, { destroyed: goes, kept }, `${goes.length} destroyed\n${keptText}`);
}

/** Of every environment: they may share the firewall, the key and the domain. */
async function refuseWhileMachinesLive({ settings }: Context): Promise<void> {
  const machines = await openAccountOf(settings, process.env).instances();
  const ours = machines.filter(({ tags }) => tags.includes('anny'));
  if (ours.length === 0) return;
  throw new AnnyError('REFUSED', {
    doing: 'anny-infra destroy',
    found: `machines of Anny live on it: ${ours.map(({ label }) => label).join(', ')}`,
    next: 'take a backup, destroy the machines (anny-bluegreen status lists them; the one that serves goes by hand), then run this again',
  });
}

async function outputs(context: Context, command: Command): Promise<void> {
  const values = await outputsOf(context);
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  answer(
    command,
    { outputs: values },
    lines.length === 0 ? 'nothing was made yet: anny-infra up\n' : `${lines.join('\n')}\n`,
  );
}

async function outputsOf({ stack, settings }: Context): Promise<Readonly<Record<string, string>>> {
  const all = await stack.outputs();
  return Object.fromEntries(
    Object.entries(all).map(([name, { value, secret }]) => [name, secret ? '***' : settings.mask(String(value))]),
  );
}
