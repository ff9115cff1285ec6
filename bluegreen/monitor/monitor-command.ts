import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { localPath } from '../../config/local-path.ts';
import type { LoadedSettings } from '../../config/settings.ts';
import { answer, reportOf, settingsOf } from '../../operation/command-line.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { Report } from '../../operation/report.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { httpsProbe } from '../https-probe.ts';
import { tellWebhook, webhookOf } from './alert.ts';
import { fileMemory } from './memory.ts';
import { resolveBy } from './resolve.ts';
import { type Turn, type TurnPorts, turn } from './turn.ts';

const EXIT_DOWN = 1;
/** No network here, or a webhook that does not take what it is told. */
const EXIT_UNKNOWN = 3;

/** `monitor`: the app as the world sees it, by the same rules as the machine's own monitor. It needs neither account nor SSH key. */
export function addMonitorCommand(program: Command): void {
  program
    .command('monitor')
    .description('ask for health from here every monitor.interval, and tell ALERT_WEBHOOK_URL when that changes')
    .option('--once', 'one look, for cron or CI: exit 0 up, 1 down, 3 not to be told from here')
    .action(({ once }: { once?: true }, line: Command) => monitor(line, once === true));
}

async function monitor(line: Command, once: boolean): Promise<void> {
  const settings = await settingsOf(line);
  const report = reportOf(line);
  for (const warning of settings.warnings) report.warn(warning);
  const ports = portsOf(settings, report);
  const { config, publicName: name } = settings;
  const target = { name, path: config.app.health, timeoutMs: config.monitor.timeout };
  const oneTurn = async (): Promise<void> => {
    process.exitCode = await tellTurn(line, report, () => turn(ports, target));
  };
  if (once) return oneTurn();
  const stop = stopSignal();
  while (!stop.aborted) {
    const begun = systemClock.now();
    await oneTurn();
    const rest = begun + config.monitor.interval - systemClock.now();
    await systemClock.sleep(Math.max(0, rest), stop);
  }
  process.exitCode = 0;
}

function portsOf(settings: LoadedSettings, report: Report): TurnPorts {
  const { config, directory, environment } = settings;
  const webhook = settings.secret('ALERT_WEBHOOK_URL');
  if (webhook === undefined) report.warn('ALERT_WEBHOOK_URL is not set: nobody is told');
  return {
    resolve: resolveBy(config.infra.name_servers),
    probe: httpsProbe(config.tls.extra_ca === '' ? '' : localPath(directory, config.tls.extra_ca)),
    clock: systemClock,
    memory: fileMemory(join(directory, '.anny', `monitor-${environment}.json`)),
    tell: webhook === undefined ? undefined : tellWebhook(webhookOf(webhook)),
    from: hostname(),
  };
}

/** One line for each look; returns the exit code that it comes to. */
async function tellTurn(line: Command, report: Report, look: () => Promise<Turn>): Promise<number> {
  try {
    const seen = await look();
    const at = new Date(systemClock.now()).toISOString();
    const where = seen.address === '' ? '' : ` at ${seen.address}`;
    const news = seen.alert === '' ? '' : `; ${seen.told ? 'told' : 'changed'}: ${seen.alert}`;
    answer(line, { at, ...seen }, `${at.slice(0, 19)}Z  ${seen.state.padEnd(7)}  ${seen.why}${where}${news}\n`);
    return { up: 0, down: EXIT_DOWN, unknown: EXIT_UNKNOWN }[seen.state];
  } catch (error) {
    if (!(error instanceof AnnyError)) throw error;
    report.warn(`${error.message}; ${error.next}`);
    return EXIT_UNKNOWN;
  }
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
