import { join } from 'node:path';
import { openAccount } from '../cloud/account/account.ts';
import { localPath } from '../config/local-path.ts';
import type { LoadedSettings } from '../config/settings.ts';
import { sshMachines } from '../machine/ssh-box.ts';
import { steadyMachines } from '../machine/steady.ts';
import { AnnyError, ERROR_CODES } from '../operation/errors.ts';
import { fileJournal } from '../operation/file-journal.ts';
import type { Report } from '../operation/report.ts';
import { systemClock } from '../operation/system-clock.ts';
import { backupStore } from './backup-store.ts';
import type { Context } from './context.ts';
import { httpsProbe } from './https-probe.ts';
import { smokeScript } from './smoke-script.ts';
import { zoneServers } from './zone-servers.ts';

const OPERATION_ID_BYTES = 6;

/** The real world, as the settings describe it. */
export function openContext(settings: LoadedSettings, command: string, report: Report): Context {
  const { config, directory, secret } = settings;
  const path = (value: string): string => (value === '' ? '' : localPath(directory, value));
  const extraCaPath = path(config.tls.extra_ca);
  const journalPath = join(directory, '.anny', `journal-${settings.environment}.jsonl`);
  return {
    settings,
    operation: {
      id: systemClock.randomHex(OPERATION_ID_BYTES),
      command,
      clock: systemClock,
      journal: fileJournal(journalPath, settings.mask),
      report,
      undos: [],
      interrupt: interruptSignal(report),
      forward: false,
    },
    cloud: openAccount({ apiUrl: config.infra.api_url, apiKey: accountKey(settings), clock: systemClock }),
    machines: steadyMachines(sshMachines(path(config.infra.ssh_private_key)), systemClock),
    nameServers: zoneServers(config.infra.name_servers),
    probe: httpsProbe(extraCaPath),
    backups: backupStore({
      directory: path(config.backup.store),
      recipients: config.backup.recipients,
      identity: () => secret('ANNY_BACKUP_IDENTITY'),
      retentionDays: config.backup.retention_days,
    }),
    smoke: smokeScript({
      script: config.deploy.smoke === '' ? undefined : path(config.deploy.smoke),
      extraCaPath,
      environment: Object.fromEntries(config.app.secrets.map((name) => [name, secret(name) ?? ''])),
    }),
  };
}

/** The first Ctrl-C asks for a stop in good order; the second leaves at once, and `status` says what is left. */
export function interruptSignal(report: Report): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(ERROR_CODES.INTERRUPTED);
    report.warn('stopping in good order (Ctrl-C again leaves at once, then anny-bluegreen status says what is left)');
    controller.abort();
  });
  return controller.signal;
}

function accountKey(settings: LoadedSettings): string {
  const key = settings.secret('VULTR_API_KEY');
  if (key !== undefined) return key;
  throw new AnnyError('SECRET_MISSING', {
    doing: 'opening the account',
    found: 'VULTR_API_KEY is not set',
    next: 'put it into .env (see .env.example), or try the local cloud: anny-cloud up, then --env local',
  });
}
