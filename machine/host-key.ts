import { createHash } from 'node:crypto';
import type { Clock } from '../operation/clock.ts';
import { makeSshKey } from './ssh-key.ts';

/** An SSH host key made before its machine exists, so that no connection ever goes to an unknown key. */
export interface HostKey {
  /** OpenSSH private key file. It goes into user data and nowhere else. */
  readonly privateKey: string;
  /** "ssh-ed25519 AAAA…" */
  readonly publicKey: string;
  /** "SHA256:…", as ssh-keygen -lf prints it. */
  readonly fingerprint: string;
}

export function makeHostKey(clock: Pick<Clock, 'randomHex'>): HostKey {
  const key = makeSshKey(clock);
  return { ...key, fingerprint: fingerprintOf(key.publicKey) };
}

/** @param publicKey "ssh-ed25519 AAAA…", with or without a comment. */
export function fingerprintOf(publicKey: string): string {
  const blob = Buffer.from(publicKey.trim().split(' ')[1] ?? '', 'base64');
  return fingerprintOfBlob(blob);
}

export function fingerprintOfBlob(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
