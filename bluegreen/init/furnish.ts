import type { AccountSetup } from '../../cloud/account/setup.ts';
import type { Cloud } from '../../cloud/cloud.ts';
import { sameKey } from '../../machine/key-file.ts';
import { AnnyError } from '../../operation/errors.ts';

/** What a first promote needs of the account, besides machines. */
export interface Needed {
  readonly sshKey: { readonly name: string; readonly publicKey: string };
  readonly zone: string;
}

export type Lack = { readonly what: string; readonly make: () => Promise<void> };

/** What the account lacks of it. */
export async function lacksOf(cloud: Cloud, setup: AccountSetup, needed: Needed): Promise<readonly Lack[]> {
  const { sshKey, zone } = needed;
  const [keys, domains] = await Promise.all([cloud.sshKeys(), setup.domains()]);
  const named = keys.filter(({ name }) => name === sshKey.name);
  if (named.length > 0 && !named.some(({ publicKey }) => sameKey(publicKey, sshKey.publicKey))) {
    throw new AnnyError('CONFIG_INVALID', {
      doing: `looking for the SSH key ${sshKey.name} in the account`,
      found: 'the account has another key under this name, and a machine would not let this computer in',
      next: 'give this key another name in infra.ssh_key_name, or point infra.ssh_private_key at the one of that name',
    });
  }
  return [
    ...(named.length > 0
      ? []
      : [
          {
            what: `SSH key ${sshKey.name}`,
            make: async () => void (await cloud.createSshKey(sshKey.name, sshKey.publicKey)),
          },
        ]),
    ...(domains.includes(zone) ? [] : [{ what: `domain ${zone}`, make: () => setup.createDomain(zone) }]),
  ];
}
