import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShellAddress } from './shell.ts';

export type SshTarget = Pick<ShellAddress, 'address' | 'user' | 'privateKeyPath'> & HostIdentity;

/** The one host key that this machine may show, or what is known of it. */
type HostIdentity = { readonly hostPublicKey: string } | { readonly hostKeyFingerprint: string };

/** Of a fingerprint in base64, which goes into a command. */
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;

/**
 * `known` is a file that this process writes. By its fingerprint a key is known with the same connection: a firewall that counts
 * connections counts one.
 */
export function hostKeyOptions(target: HostIdentity, known: string): readonly string[] {
  const strict = ['-o', 'GlobalKnownHostsFile=/dev/null', '-o', 'StrictHostKeyChecking=yes'];
  const common = [...strict, '-o', 'HostKeyAlgorithms=ssh-ed25519', '-o', `UserKnownHostsFile=${known}`];
  if ('hostPublicKey' in target) return common;
  const { hostKeyFingerprint } = target;
  if (!FINGERPRINT.test(hostKeyFingerprint)) throw new Error(`${hostKeyFingerprint} is no fingerprint`);
  const line = `/bin/sh -c 'test "$1" = "$0" && echo "$2 $3 $4"; :' ${hostKeyFingerprint} %f %H %t %K`;
  return [...common, '-o', `KnownHostsCommand=${line}`];
}

/** Runs the system's ssh, with the terminal. Returns its exit code. */
export async function runSsh(target: SshTarget, command: readonly string[]): Promise<number> {
  const known = await mkdtemp(join(tmpdir(), 'anny-ssh-'));
  try {
    const knownHosts = join(known, 'known_hosts');
    const lines = 'hostPublicKey' in target ? `${target.address} ${target.hostPublicKey}\n` : '';
    await writeFile(knownHosts, lines, { mode: 0o600 });
    return await new Promise((resolve, reject) => {
      const child = spawn(
        'ssh',
        [
          ...['-i', target.privateKeyPath, '-o', 'IdentitiesOnly=yes'],
          ...hostKeyOptions(target, knownHosts),
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
