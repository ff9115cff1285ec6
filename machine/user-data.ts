import { stringify } from 'yaml';
import type { HostKey } from './host-key.ts';

/** Out of the way of the image's own users: cloud-init would give it the first free one, which is deploy's. */
const BAKE_UID = 1999;

export interface UserDataRequest {
  readonly hostKey: HostKey;
  /** `anny-bake` is made for this machine alone, with sudo; `deploy` is in the image already. */
  readonly user: 'anny-bake' | 'deploy';
  /** OpenSSH public keys. */
  readonly authorizedKeys: readonly string[];
}

/** The cloud-config for a fresh machine: its pinned host key and who may log in. Holds a private key: never log it. */
export function userData(request: UserDataRequest): string {
  const config = {
    ssh_deletekeys: true,
    ssh_genkeytypes: [],
    ssh_keys: {
      ed25519_private: request.hostKey.privateKey,
      ed25519_public: request.hostKey.publicKey,
    },
    disable_root: true,
    ssh_pwauth: false,
    users: [
      {
        name: request.user,
        ssh_authorized_keys: request.authorizedKeys,
        lock_passwd: true,
        ...(request.user === 'anny-bake'
          ? { uid: BAKE_UID, shell: '/bin/bash', sudo: 'ALL=(ALL) NOPASSWD:ALL', no_user_group: false }
          : { shell: '/bin/bash' }),
      },
    ],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}
