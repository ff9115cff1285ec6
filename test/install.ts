import { rm, writeFile } from 'node:fs/promises';
import { aptInstall } from '../cloud/local/apt.ts';
import { hasCommand } from '../cloud/local/engine.ts';
import { runCommand } from '../cloud/local/host-command.ts';
import { runMain } from '../operation/fail.ts';
import { systemClock } from '../operation/system-clock.ts';
import { terminalReport } from '../operation/terminal-report.ts';

/** Programs that tests ask, by the command that tells whether they are there; without one its tests are skipped. */
const PROGRAMS = {
  shellcheck: 'shellcheck',
  nginx: 'nginx-light',
  sshd: 'openssh-server',
  visudo: 'sudo',
  'systemd-analyze': 'systemd',
  'fail2ban-client': 'fail2ban',
  logrotate: 'logrotate',
  'docker-compose': 'docker-compose',
  openssl: 'openssl',
  rsync: 'rsync',
  jq: 'jq',
  restic: 'restic',
  rclone: 'rclone',
};

/** Services among them: this computer wants their programs, not that they serve. */
const SERVICES: Readonly<Record<string, string>> = { nginx: 'nginx', sshd: 'ssh', 'fail2ban-client': 'fail2ban' };

const POLICY = '/usr/sbin/policy-rc.d';

/** Installs what the tests ask and this computer lacks. Nothing of it is started, now or at the next boot. */
async function installForTests(): Promise<void> {
  const checks = Object.keys(PROGRAMS).map(async (command) => ((await hasCommand(command)) ? [] : [command]));
  const missing = (await Promise.all(checks)).flat();
  if (missing.length === 0) return;
  const packages = Object.entries(PROGRAMS).flatMap(([command, name]) => (missing.includes(command) ? [name] : []));
  const step = terminalReport(systemClock).step('install for the tests', packages.join(', '));
  try {
    await withoutStarting(() => aptInstall(packages));
    const services = missing.flatMap((command) => SERVICES[command] ?? []);
    if (services.length > 0) await runCommand('systemctl', ['disable', ...services], { timeoutMs: 30_000 });
    step.done();
  } catch (error) {
    step.failed(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** Debian asks this file whether a package may start what it brings. */
async function withoutStarting(install: () => Promise<void>): Promise<void> {
  const mine = await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  );
  try {
    await install();
  } finally {
    if (mine) await rm(POLICY);
  }
}

await runMain(installForTests, { json: false });
