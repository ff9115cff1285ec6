import { createHash, createPrivateKey } from 'node:crypto';
import type { Clock } from '../operation/clock.ts';

export interface SshKey {
  /** OpenSSH private key file, without a passphrase. */
  readonly privateKey: string;
  /** "ssh-ed25519 AAAA…" */
  readonly publicKey: string;
}

const KEY_TYPE = 'ssh-ed25519';
/** What OpenSSH pads to when nothing is encrypted. */
const BLOCK_BYTES = 8;

const SEED_BYTES = 32;
/** RFC 8410: an Ed25519 private key in PKCS #8 is this, then its seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * A key from the clock's chance. Node works out its public half, and it is written down here: of a hundred that ssh2 makes, one
 * is none that OpenSSH reads.
 */
export function makeSshKey(clock: Pick<Clock, 'randomHex'>): SshKey {
  const seed = Buffer.from(clock.randomHex(SEED_BYTES), 'hex');
  const key = createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([PKCS8_PREFIX, seed]) });
  const point = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
  const blob = Buffer.concat([field(KEY_TYPE), field(point)]);
  const publicKey = `${KEY_TYPE} ${blob.toString('base64')}`;
  return { privateKey: privateKeyFile(seed, point, blob), publicKey };
}

/** PROTOCOL.key of OpenSSH, without a passphrase. */
function privateKeyFile(seed: Buffer, point: Buffer, blob: Buffer): string {
  // Twice the same number: who decrypts a file sees by it that the passphrase was right.
  const check = createHash('sha256').update(seed).digest().subarray(0, 4);
  const secret = [check, check, field(KEY_TYPE), field(point), field(Buffer.concat([seed, point])), field('')];
  const missing = -Buffer.concat(secret).length & (BLOCK_BYTES - 1);
  const padding = Buffer.from(Array.from({ length: missing }, (_, index) => index + 1));
  const file = Buffer.concat([
    ...[Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field(''), uint32(1), field(blob)],
    field(Buffer.concat([...secret, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

/** A length, then that many bytes. */
function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
