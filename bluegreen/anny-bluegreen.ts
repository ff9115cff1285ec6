import { Command } from 'commander';
import { addGlobalOptions } from '../operation/command-line.ts';
import { runMain } from '../operation/fail.ts';
import { addBackupCommands, addDrillCommand } from './backup-commands.ts';
import { addCostCommand } from './cost/cost-command.ts';
import { addDoctorCommand } from './doctor/doctor-command.ts';
import { addInitCommand } from './init/init-command.ts';
import { addLockCommands } from './lock-commands.ts';
import { addLookCommands } from './look-commands.ts';
import { addMonitorCommand } from './monitor/monitor-command.ts';
import { addReleaseCommands } from './release-commands.ts';
import { addSshKeysCommands } from './ssh-keys/ssh-keys-commands.ts';
import { addUpkeepCommands } from './upkeep-commands.ts';

const program = addGlobalOptions(
  new Command('anny-bluegreen').description('Blue-green deploys that cannot lose data: promote, roll back, restore.'),
);

addInitCommand(program);
addReleaseCommands(program);
addLookCommands(program);
addUpkeepCommands(program);
addSshKeysCommands(program);
addMonitorCommand(program);
addBackupCommands(program);
addDrillCommand(program);
addDoctorCommand(program);
addCostCommand(program);
addLockCommands(program);

await runMain(async () => void (await program.parseAsync()), { json: process.argv.includes('--json') });
