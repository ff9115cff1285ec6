import { Command } from 'commander';
import { addGlobalOptions } from '../../operation/command-line.ts';
import { runMain } from '../../operation/fail.ts';
import { addEngineCommands } from './commands.ts';
import { addImportCommand } from './import-command.ts';

const program = addGlobalOptions(
  new Command('anny-infra').description(
    'What outlives releases, declared in config.yaml and made by Pulumi: SSH keys, firewall, domain, record, addresses, storage.',
  ),
);
addEngineCommands(program);
addImportCommand(program);

await runMain(async () => void (await program.parseAsync()), { json: process.argv.includes('--json') });
