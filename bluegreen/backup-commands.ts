import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Settings } from '../config/settings.ts';
import { interruptSignal } from '../operation/begin.ts';
import { answer, reportOf, settingsOf } from '../operation/command-line.ts';
import { AnnyError } from '../operation/errors.ts';
import { addLockOptions } from '../operation/lock-options.ts';
import { age } from './age.ts';
import type { Backup, Backups } from './backups.ts';
import { choose } from './choose.ts';
import type { Context } from './context.ts';
import { type DrillResult, drill } from './drill.ts';
import { exportState } from './export-state.ts';
import { withWorld } from './look-commands.ts';
import type { World } from './observe.ts';
import { withContext } from './open-context.ts';
import { restic } from './restic/restic.ts';
import { openFromHere, trustOf } from './restic/restic-backups.ts';
import { takeBackup } from './take-backup.ts';

const NAME = ['[name]', 'as backup list shows it (default: the newest)'] as const;

/** What can be done with backups; all but `now` need no machine that lives. */
export function addBackupCommands(program: Command): void {
  const backup = program.command('backup').description('make, list, verify and export backups');
  backup
    .command('now')
    .description('a backup of the live release, made now')
    .action((_options, command: Command) => withWorld(command, backupNow));
  backup
    .command('list')
    .description('what the repository holds, the newest first')
    .action((_options, command: Command) => withContext(command, (context) => list(context, command)));
  backup
    .command('verify')
    .argument(...NAME)
    .description('fetch all of a backup and compare it with its checksums')
    .action((name: string | undefined, _options, command: Command) =>
      withContext(command, (context) => verify(context, command, name)),
    );
  backup
    .command('export')
    .argument(...NAME)
    .option('--to <directory>', 'where to put it', '.')
    .option('--tar', 'all of the state as it is, whatever app.export makes of it')
    .description('the state of a backup as a file, named with date and time: memory-YYYYMMDD-HHMMSS.json, or a tar')
    .action((name: string | undefined, options: ExportOptions, command: Command) =>
      withContext(command, (context) => exportOne(context, command, name, options)),
    );
  backup
    .command('restic')
    .argument('<words...>', "restic's command and options: snapshots, key list, check")
    .description('any command of restic on the repository, with what opens it: backup restic -- key list')
    .action(async (words: string[], _options, command: Command) =>
      runRestic(await settingsOf(command), words, interruptSignal(reportOf(command))),
    );
}

/** `drill`: the whole recovery, on a machine that is destroyed again. */
export function addDrillCommand(program: Command): void {
  addLockOptions(program.command('drill'))
    .description(
      'restore a backup onto a scratch machine, measure and compare, destroy the machine; nobody is served by it',
    )
    .option('--image <digest>', 'image by the first characters of its digest (default: the newest tested)')
    .option('--backup <name>', 'as backup list shows it (default: the newest)')
    .action(({ image, backup }: { image?: string; backup?: string }, command: Command) =>
      withContext(command, async (context) => {
        const result = await drill(context, { image, backup });
        answer(command, result, drillText(result));
      }),
    );
}

function drillText({ backup, rtoMs, rpoSeconds, writesMissing }: DrillResult): string {
  const missing =
    writesMissing === null ? 'the app does not count its writes, or none is live' : `${writesMissing} of its writes`;
  return [
    `${backup.name} came back: checksums as they were, and its app is well`,
    `recovery time  ${(rtoMs / 1000).toFixed(1)} s, from the first call to the account; a real one has the name to wait for besides`,
    `data lost      what the last ${age(rpoSeconds)} brought (${missing})`,
    'the machine is destroyed; status says from now on when this was proved',
    '',
  ].join('\n');
}

async function backupNow(context: Context, world: World, command: Command): Promise<void> {
  if (!context.backups.configured) throw noRepository();
  const made = await takeBackup(choose(world, undefined).box);
  answer(command, made, `${line(made, context)}\n`);
}

async function list(context: Context, command: Command): Promise<void> {
  const { backups } = await context.backups.list();
  const lines = backups.map((one) => line(one, context));
  answer(command, { backups }, `${lines.join('\n') || 'none yet'}\n`);
}

async function verify(context: Context, command: Command, name: string | undefined): Promise<void> {
  const backup = await find(context.backups, name);
  const begun = context.operation.clock.uptime();
  await context.backups.verify(backup);
  const tookMs = context.operation.clock.uptime() - begun;
  const text = `${backup.name} is whole: all of it was fetched and compared in ${(tookMs / 1000).toFixed(1)} s\n`;
  answer(command, { ...backup, whole: true, tookMs }, text);
}

interface ExportOptions {
  readonly to: string;
  readonly tar?: boolean;
}

async function exportOne(
  { backups, settings }: Context,
  command: Command,
  name: string | undefined,
  { to, tar = false }: ExportOptions,
): Promise<void> {
  const backup = await find(backups, name);
  const path = await exportState(backups, settings, { backup, directory: resolve(to), tar });
  answer(command, { ...backup, path }, `${path}\n`);
}

/** For what has no command of ours, such as changing the password. */
async function runRestic(settings: Settings, words: readonly string[], interrupt: AbortSignal): Promise<void> {
  const doing = `running restic ${words.slice(0, 2).join(' ')}`;
  const repository = openFromHere(settings, doing);
  const options = { trust: trustOf(settings), to: process.stdout, interrupt };
  const { code, problem } = await restic(repository, words, options);
  if (code === 0) return;
  if (interrupt.aborted) {
    throw new AnnyError('INTERRUPTED', { doing, found: 'you stopped it', next: 'run the same command again' });
  }
  throw new AnnyError('COMMAND_FAILED', {
    doing,
    found: problem || `exit ${code}`,
    next: 'restic help says what there is',
  });
}

async function find(backups: Backups, name: string | undefined): Promise<Backup> {
  const { backups: all } = await backups.list();
  const found = name === undefined ? all[0] : all.find((one) => one.name === name || one.id === name);
  if (found !== undefined) return found;
  throw new AnnyError('BACKUP_MISSING', {
    doing: 'looking for a backup',
    found: name === undefined ? 'the repository holds none' : `the repository has none of the name ${name}`,
    next: name === undefined ? 'anny-bluegreen backup now makes one' : 'anny-bluegreen backup list',
  });
}

function line({ name, at, bytes, release }: Backup, { operation }: Context): string {
  const old = age(operation.clock.now() / 1000 - at);
  return `${name}  ${`${old} old`.padStart(10)}  ${String(bytes).padStart(12)} bytes  by ${release}`;
}

function noRepository(): AnnyError {
  return new AnnyError('CONFIG_INVALID', {
    doing: 'making a backup',
    found: 'backup.repository is empty',
    next: 'say in config.yaml where backups are to go, set ANNY_BACKUP_PASSWORD in .env, then promote --again',
  });
}
