import { readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import { AnnyError } from '../operation/errors.ts';

/**
 * The public half of a private key's file, "ssh-ed25519 AAAA…": worked out from the private one, since the .pub beside it may be another's.
 * undefined when there is no such file.
 * @throws {AnnyError} CONFIG_INVALID when it is no key that this program can log in with.
 */
export async function publicHalf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unusable(path, `it cannot be read (${error.code})`, 'name another file');
  });
  if (text === undefined) return undefined;
  const parsed = ssh2.utils.parseKey(text);
  if (parsed instanceof Error) {
    const locked = /passphrase|encrypted/i.test(parsed.message);
    throw locked
      ? unusable(path, 'it has a passphrase, and machines are reached without anybody there', 'name a key without one')
      : unusable(path, 'it is no private SSH key', 'name the private key, not the .pub');
  }
  const [key] = [parsed].flat();
  if (key === undefined || !key.isPrivateKey()) {
    throw unusable(path, 'it is no private SSH key', 'name the private key, not the .pub');
  }
  return `${key.type} ${key.getPublicSSH().toString('base64')}`;
}

/** Without what stands behind the key, which is a remark. */
export function sameKey(one: string, other: string): boolean {
  return bare(one) === bare(other);
}

/** "ssh-ed25519 AAAA…" */
export function bare(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(' ');
}

function unusable(path: string, found: string, next: string): AnnyError {
  return new AnnyError('CONFIG_INVALID', { doing: `reading the SSH key ${path}`, found, next });
}
