import { Command } from 'commander';
import { addGlobalOptions } from '../operation/command-line.ts';
import { runMain } from '../operation/fail.ts';
import { addBuildCommand } from './commands/build-command.ts';
import { addKeepCommands } from './commands/keep-commands.ts';
import { addLookCommands } from './commands/look-commands.ts';
import { addVerifyCommands } from './commands/verify-command.ts';

const program = addGlobalOptions(
  new Command('anny-image').description('Bakes a whole configured machine into a tested and signed snapshot.'),
);
addBuildCommand(program);
addLookCommands(program);
addVerifyCommands(program);
addKeepCommands(program);

await runMain(async () => void (await program.parseAsync()), { json: process.argv.includes('--json') });
