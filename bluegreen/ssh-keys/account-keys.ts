import type { Cloud } from '../../cloud/cloud.ts';
import { sameKey } from '../../machine/key-file.ts';
import { keyNames, nextName, type OperatorKey } from '../../machine/operator-key.ts';
import { AnnyError } from '../../operation/errors.ts';

interface Infra {
  readonly ssh_key_name: string;
  readonly ssh_key_names: readonly string[];
  readonly ssh_private_key: string;
}

/** This computer's key as the account has it. */
export interface OwnKey {
  readonly entry: OperatorKey;
  /** One that is to take its place. */
  readonly next: OperatorKey | undefined;
}

/** Which of the operators is at this computer: whose key it has, or is about to have. */
export async function findOwnKey(cloud: Pick<Cloud, 'sshKeys'>, infra: Infra, own: string): Promise<OwnKey> {
  const keys = await cloud.sshKeys();
  const named = (name: string) => keys.find((key) => key.name === name);
  for (const name of keyNames(infra)) {
    const [entry, next] = [named(name), named(nextName(name))];
    if (entry === undefined) continue;
    if ([entry, next].some((key) => key !== undefined && sameKey(key.publicKey, own))) return { entry, next };
  }
  throw new AnnyError('CONFIG_INVALID', {
    doing: `looking for ${infra.ssh_private_key} in the account`,
    found: `it is none of ${keyNames(infra).join(', ')} there`,
    next: 'add its .pub to the account and name it in infra.ssh_key_names, or point infra.ssh_private_key at one that is',
  });
}
