import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localPath } from '../config/local-path.ts';
import type { Context } from './context.ts';
import type { Answering } from './release.ts';

/** Runs the system's ssh as `deploy`, with the one host key that this machine may show. Returns its exit code. */
export async function openSsh(context: Context, machine: Answering, command: readonly string[]): Promise<number> {
  const { config, directory } = context.settings;
  const known = await mkdtemp(join(tmpdir(), 'anny-ssh-'));
  try {
    const knownHosts = join(known, 'known_hosts');
    await writeFile(knownHosts, `${machine.address} ${machine.status.hostPublicKey}\n`, { mode: 0o600 });
    return await new Promise((resolve, reject) => {
      const child = spawn(
        'ssh',
        [
          ...['-i', localPath(directory, config.infra.ssh_private_key), '-o', 'IdentitiesOnly=yes'],
          ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'GlobalKnownHostsFile=/dev/null'],
          ...['-o', 'StrictHostKeyChecking=yes', '-o', 'HostKeyAlgorithms=ssh-ed25519'],
          `deploy@${machine.address}`,
          ...(command.length === 0 ? [] : ['--', ...command]),
        ],
        { stdio: 'inherit' },
      );
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 255));
    });
  } finally {
    await rm(known, { recursive: true, force: true });
  }
}
