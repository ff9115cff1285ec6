import { AnnyError } from '../../operation/errors.ts';
import { lastLines, runCommand } from './host-command.ts';

const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** Installs packages of the distribution on this computer. */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const update = await runCommand('apt-get', ['update', '-qq'], { timeoutMs: INSTALL_TIMEOUT_MS, env });
  // An update that half failed may still know the packages; the install says so where it does not.
  const install = await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    timeoutMs: INSTALL_TIMEOUT_MS,
    env,
  });
  if (install.code === 0) return;
  throw new AnnyError('COMMAND_FAILED', {
    doing: `installing ${packages.join(', ')}`,
    found: lastLines(`${update.code === 0 ? '' : update.output}\n${install.output}`),
    next: `install them by hand: apt-get install ${packages.join(' ')}`,
  });
}
