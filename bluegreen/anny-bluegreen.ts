import { Command } from 'commander';
import { runMain } from '../operation/fail.ts';
import { addLookCommands } from './look-commands.ts';
import { addReleaseCommands } from './release-commands.ts';

const program = new Command('anny-bluegreen')
  .description('Blue-green deploys that cannot lose data: promote, roll back, restore.')
  .option('--env <name>', 'environment of config.yaml (also ANNY_ENV; default: production)')
  .option('--config <file>', 'config.yaml to use (default: the one here)')
  .option('--json', 'one JSON object on stdout, no questions')
  .option('-y, --yes', 'go on without asking')
  .showHelpAfterError()
  .exitOverride();

addReleaseCommands(program);
addLookCommands(program);

await runMain(async () => void (await program.parseAsync()), { json: process.argv.includes('--json') });
