import type { Command } from 'commander';
import { agree, answer, type GlobalOptions } from '../operation/command-line.ts';
import { addLockOptions } from '../operation/lock-options.ts';
import { runStep } from '../operation/step.ts';
import type { Context } from './context.ts';
import { withLastLines } from './last-lines.ts';
import { withContext } from './open-context.ts';
import { type MachineChanges, pushSecrets } from './push-secrets.ts';
import { withLive } from './with-live.ts';

/** What is done on the live machine without another one: no request fails for it. */
export function addUpkeepCommands(program: Command): void {
  addLockOptions(program.command('restart'))
    .description('stop and start the app of the live release; requests wait meanwhile')
    .action((_options, line: Command) => withContext(line, (context) => restart(context, line)));
  const secrets = program.command('secrets').description("the app's secrets on the machines");
  addLockOptions(secrets.command('push'))
    .description('bring the secrets as they are here to the live machine and its standbys, without a bake')
    .action((_options, line: Command) => withContext(line, (context) => push(context, line)));
}

async function restart(context: Context, line: Command): Promise<void> {
  const { release, health } = await withLive(context, 'restart', async (live) => ({
    release: live.tags.release,
    health: await runStep(context.operation, {
      name: 'restart',
      detail: `${live.tags.release}; requests wait meanwhile`,
      run: () => withLastLines(context, live, () => live.box.restart()),
      describe: ({ status }) => `HTTP ${status}`,
    }),
  }));
  answer(line, { release, health }, `${release} serves again\n`);
}

async function push(context: Context, line: Command): Promise<void> {
  const pushed = await pushSecrets(context, async (planned) => {
    if (line.optsWithGlobals<GlobalOptions>().json !== true) process.stderr.write(changesText(planned));
    await agree(line, `go on in ${context.settings.environment}?`);
  });
  const { warnings } = context.operation;
  const text =
    pushed.length === 0
      ? 'every machine has the secrets as they are here\n'
      : `pushed to ${pushed.map(({ release }) => release).join(', ')}\n`;
  answer(line, { pushed, warnings }, text);
}

/** Names alone: a value is never shown. */
function changesText(planned: readonly MachineChanges[]): string {
  const width = Math.max(...planned.flatMap(({ changes }) => changes.map(({ name }) => name.length)));
  const lines = planned.flatMap(({ release, role, changes }) => [
    `${release} (${role === 'writer' ? 'live' : 'standby'})`,
    ...changes.map(({ name, change }) => `  ${name.padEnd(width)}  ${change}`),
  ]);
  return `${lines.join('\n')}\n`;
}
