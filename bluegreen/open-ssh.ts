import { localPath } from '../config/local-path.ts';
import { runSsh } from '../machine/system-ssh.ts';
import type { Context } from './context.ts';
import type { Answering } from './release.ts';

/** Runs the system's ssh as `deploy`, with the one host key that this machine may show. Returns its exit code. */
export function openSsh(context: Context, machine: Answering, command: readonly string[]): Promise<number> {
  const { config, directory } = context.settings;
  const privateKeyPath = localPath(directory, config.infra.ssh_private_key);
  const { address, status } = machine;
  return runSsh({ address, user: 'deploy', privateKeyPath, hostPublicKey: status.hostPublicKey }, command);
}
