import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShellAddress } from './shell.ts';

export interface SshTarget extends Pick<ShellAddress, 'address' | 'user' | 'privateKeyPath'> {
  /** "ssh-ed25519 AAAA…": the one host key that this machine may show. */
  readonly hostPublicKey: string;
}

/** Runs the system's ssh, with the terminal. Returns its exit code. */
export async function runSsh(target: SshTarget, command: readonly string[]): Promise<number> {
  const known = await mkdtemp(join(tmpdir(), 'anny-ssh-'));
  try {
    const knownHosts = join(known, 'known_hosts');
    await writeFile(knownHosts, `${target.address} ${target.hostPublicKey}\n`, { mode: 0o600 });
    return await new Promise((resolve, reject) => {
      const child = spawn(
        'ssh',
        [
          ...['-i', target.privateKeyPath, '-o', 'IdentitiesOnly=yes'],
          ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'GlobalKnownHostsFile=/dev/null'],
          ...['-o', 'StrictHostKeyChecking=yes', '-o', 'HostKeyAlgorithms=ssh-ed25519'],
          `${target.user}@${target.address}`,
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
