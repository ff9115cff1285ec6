import type { Cloud, SshKeyId } from '../cloud/cloud.ts';
import { AnnyError } from '../operation/errors.ts';

export interface OperatorKey {
  readonly id: SshKeyId;
  readonly publicKey: string;
}

/** The operator's key as the account knows it: the account's goes onto machines, so the names must agree. */
export async function operatorKey(
  cloud: Cloud,
  infra: { readonly ssh_key_name: string; readonly ssh_private_key: string },
): Promise<OperatorKey> {
  const keys = await cloud.sshKeys();
  const found = keys.find(({ name }) => name === infra.ssh_key_name);
  if (found !== undefined) return found;
  throw new AnnyError('CONFIG_INVALID', {
    doing: `looking for the SSH key "${infra.ssh_key_name}" (infra.ssh_key_name) in the account`,
    found:
      keys.length === 0 ? 'the account has no SSH keys' : `the account has ${keys.map(({ name }) => name).join(', ')}`,
    next: `add ${infra.ssh_private_key}.pub to the account under that name (anny-infra up does), or name another one in config.yaml`,
  });
}
