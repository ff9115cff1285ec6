import type { Cloud, SshKeyId } from '../cloud/cloud.ts';
import { AnnyError } from '../operation/errors.ts';
import { sameKey } from './key-file.ts';

export interface OperatorKey {
  readonly id: SshKeyId;
  readonly name: string;
  readonly publicKey: string;
}

interface Named {
  readonly ssh_key_name: string;
  readonly ssh_key_names: readonly string[];
}

/** A key that is about to take the place of the one without it: while both are in the account, machines get both. */
const NEXT = '.next';

export function nextName(name: string): string {
  return `${name}${NEXT}`;
}

export function isNextName(name: string): boolean {
  return name.endsWith(NEXT);
}

/** Names of the account's keys that machines let in: of one operator, or of all. */
export function keyNames({ ssh_key_name: only, ssh_key_names: all }: Named): readonly string[] {
  return all.length === 0 ? [only] : [...new Set(all)];
}

/** Every operator's key as the account knows it: the account's go onto machines, so the names must agree. */
export async function operatorKeys(
  cloud: Pick<Cloud, 'sshKeys'>,
  infra: Named & { readonly ssh_private_key: string },
): Promise<readonly OperatorKey[]> {
  const keys = await cloud.sshKeys();
  const names = keyNames(infra);
  const missing = names.filter((wanted) => !keys.some(({ name }) => name === wanted));
  if (missing.length === 0) {
    const chosen = keys.filter(({ name }) => names.some((one) => name === one || name === nextName(one)));
    return chosen.filter((key, index) => chosen.findIndex((one) => sameKey(one.publicKey, key.publicKey)) === index);
  }
  const where = infra.ssh_key_names.length === 0 ? 'infra.ssh_key_name' : 'infra.ssh_key_names';
  throw new AnnyError('CONFIG_INVALID', {
    doing: `looking for the SSH key "${missing.join('", "')}" (${where}) in the account`,
    found:
      keys.length === 0 ? 'the account has no SSH keys' : `the account has ${keys.map(({ name }) => name).join(', ')}`,
    next: `add ${infra.ssh_private_key}.pub, or the other operator's, to the account under that name (anny-infra up does), or name another one in config.yaml`,
  });
}
