import type { Stack } from '@pulumi/pulumi/automation/index.js';
import type { Command } from 'commander';
import { answer } from '../../operation/command-line.ts';
import { openApi } from '../account/call.ts';
import { apiOptionsOf } from '../account/open.ts';
import { nameIn } from './changes.ts';
import { isStateful, stateName, titleOf } from './declared.ts';
import { type Found, findDeclared } from './find-declared.ts';
import { type Context, engage, withFoundation } from './open-context.ts';
import { TYPES } from './program.ts';
import { providerOf, resourcesIn } from './stack.ts';

export function addImportCommand(program: Command): void {
  program
    .command('import')
    .description('adopt what the account has already, by the names in config.yaml; changes nothing in the account')
    .action((_options, command: Command) => withFoundation(command, (context) => adopt(context, command)));
}

async function adopt(context: Context, command: Command): Promise<void> {
  const { declared, stack, settings } = context;
  const known = new Set((await resourcesIn(stack)).map(({ urn }) => nameIn(urn)));
  const wanted = declared.filter((one) => !known.has(stateName(one)));
  const found = await findDeclared(openApi(apiOptionsOf(settings, process.env)), wanted);
  if (found.length > 0) {
    const { protect } = settings.config.infra.foundation;
    await engage(context, 'import', async () => {
      await importInto(
        stack,
        found.filter(({ one }) => protect && isStateful(one)),
        true,
      );
      await importInto(
        stack,
        found.filter(({ one }) => !(protect && isStateful(one))),
        false,
      );
    });
  }
  const adopted = found.map(({ one }) => titleOf(one));
  const missing = wanted.map(titleOf).filter((title) => !adopted.includes(title));
  answer(command, { adopted, missing, known: declared.length - wanted.length }, adoptionText(adopted, missing));
}

/** With the state that the account gives: a preview then shows what really differs. */
async function importInto(stack: Stack, found: readonly Found[], protect: boolean): Promise<void> {
  if (found.length === 0) return;
  const { version, pluginDownloadUrl } = providerOf();
  const resources = found.map(({ one, id }) => ({
    type: TYPES[one.kind],
    name: stateName(one),
    id,
    version,
    pluginDownloadUrl,
  }));
  await stack.import({ resources, protect, generateCode: false });
}

function adoptionText(adopted: readonly string[], missing: readonly string[]): string {
  const lines = [
    ...adopted.map((title) => `adopted  ${title}`),
    ...missing.map((title) => `missing  ${title}`),
    missing.length > 0 || adopted.length > 0
      ? 'anny-infra preview says what differs'
      : 'everything declared is known already',
  ];
  return `${lines.join('\n')}\n`;
}
