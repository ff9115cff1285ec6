import { AnnyError } from '../../operation/errors.ts';
import { lastLines, runCommand } from './host-command.ts';

const INSTALL_TIMEOUT_MS = 10 * 60_000;
/** Another apt on this computer (its own nightly updates, for example) is waited for. */
const LOCK_WAIT = ['-o', 'DPkg::Lock::Timeout=300'];

let installing: Promise<unknown> = Promise.resolve();

/** Installs packages of the distribution on this computer; calls take turns. */
export function aptInstall(packages: readonly string[]): Promise<void> {
  const mine = installing.catch(() => undefined).then(() => install(packages));
  installing = mine;
  return mine;
}

async function install(packages: readonly string[]): Promise<void> {
  const options = { timeoutMs: INSTALL_TIMEOUT_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const update = await runCommand('apt-get', ['update', '-qq', ...LOCK_WAIT], options);
  // An update that half failed may still know the packages; the install says so where it does not.
  const flags = ['install', '-y', '-qq', '--no-install-recommends', ...LOCK_WAIT];
  const result = await runCommand('apt-get', [...flags, ...packages], options);
  if (result.code === 0) return;
  throw new AnnyError('COMMAND_FAILED', {
    doing: `installing ${packages.join(', ')}`,
    found: lastLines(`${update.code === 0 ? '' : update.output}\n${result.output}`),
    next: `install them by hand: apt-get install ${packages.join(' ')}`,
  });
}
