import type { Command } from 'commander';
import { openAccountOf } from '../cloud/account/open.ts';
import { localPath } from '../config/local-path.ts';
import type { LoadedSettings } from '../config/settings.ts';
import { patientMachines } from '../machine/patient.ts';
import { sharedMachines } from '../machine/shared.ts';
import { sshMachines } from '../machine/ssh-box.ts';
import { permitOf, steadyMachines } from '../machine/steady.ts';
import { beginOperation } from '../operation/begin.ts';
import { reportOf, settingsOf } from '../operation/command-line.ts';
import { lockWishOf } from '../operation/lock-options.ts';
import type { Report } from '../operation/report.ts';
import { systemClock } from '../operation/system-clock.ts';
import { thisProcess } from '../operation/this-process.ts';
import { accountVouching } from './account-vouching.ts';
import type { Context } from './context.ts';
import { hookScripts } from './hook-scripts.ts';
import { httpsProbe } from './https-probe.ts';
import { hookPrograms, refuseMissingPrograms } from './own-programs.ts';
import { resticBackups } from './restic/restic-backups.ts';
import { smokeScript } from './smoke-script.ts';
import { zoneServers } from './zone-servers.ts';

/** Runs a command against the real world, as its settings describe it. */
export async function withContext<T>(command: Command, run: (context: Context) => Promise<T>): Promise<T> {
  const settings = await settingsOf(command);
  const report = reportOf(command);
  for (const warning of settings.warnings) report.warn(warning);
  await refuseMissingPrograms(settings);
  return withSettings(command, settings, report, run);
}

/** The same, where the settings are known, and nothing is refused yet. */
export async function withSettings<T>(
  command: Command,
  settings: LoadedSettings,
  report: Report,
  run: (context: Context) => Promise<T>,
): Promise<T> {
  const privateKey = localPath(settings.directory, settings.config.infra.ssh_private_key);
  const lock = lockWishOf(command);
  const operation = beginOperation(settings, command.name(), report);
  const ssh = sshMachines(privateKey, () => operation.held.lease?.token);
  const patient = patientMachines(ssh, systemClock, (text) => report.note(text));
  const machines = sharedMachines(steadyMachines(patient, systemClock, permitOf(operation)));
  try {
    return await run({ ...openPorts(settings), operation, machines, lock, here: await thisProcess() });
  } finally {
    await machines.close();
  }
}

function openPorts(settings: LoadedSettings): Omit<Context, 'operation' | 'machines' | 'lock' | 'here'> {
  const { config, directory, secret } = settings;
  const path = (value: string): string => (value === '' ? '' : localPath(directory, value));
  const extraCaPath = path(config.tls.extra_ca);
  const cloud = openAccountOf(settings, process.env);
  return {
    settings,
    cloud,
    vouching: accountVouching(cloud, settings),
    nameServers: zoneServers(config.infra.name_servers, config.infra.public_resolvers),
    probe: httpsProbe(extraCaPath),
    backups: resticBackups(settings),
    smoke: smokeScript({
      script: config.deploy.smoke === '' ? undefined : path(config.deploy.smoke),
      extraCaPath,
      environment: Object.fromEntries(config.app.secrets.map((name) => [name, secret(name) ?? ''])),
    }),
    hooks: hookScripts({
      programs: hookPrograms(settings),
      directory,
      timeoutMs: config.deploy.hook_timeout,
      mask: settings.mask,
    }),
  };
}
