import type { Cloud } from '../cloud.ts';
import { accountAnswer, firewallGroupAnswer, planAnswer, sshKeyAnswer } from './answers.ts';
import { type ApiOptions, openApi } from './call.ts';
import { instancesOf } from './instances.ts';
import { listAll } from './list.ts';
import { notesOf } from './notes.ts';
import { recordsOf } from './records.ts';
import { reservedIpsOf } from './reserved-ips.ts';
import { snapshotsOf } from './snapshots.ts';
import { createSshKey } from './ssh-keys.ts';

export type { CallRecord } from './call.ts';

/** The account at Vultr (API v2), or at anything that speaks its language. One rate limit for all calls in flight. */
export function openAccount(options: ApiOptions): Cloud {
  const api = openApi(options);
  return {
    account: async () =>
      (await api.call({ method: 'GET', path: '/account', answer: accountAnswer, doing: 'reading the account' }))
        .account,
    plans: () => listAll(api, '/plans', 'plans', planAnswer),
    sshKeys: () => listAll(api, '/ssh-keys', 'ssh_keys', sshKeyAnswer),
    createSshKey: (name, publicKey) => createSshKey(api, options.clock, name, publicKey),
    firewallGroups: () => listAll(api, '/firewalls', 'firewall_groups', firewallGroupAnswer),
    ...instancesOf(api, options.clock),
    ...snapshotsOf(api, options.clock),
    ...recordsOf(api, options.clock),
    ...reservedIpsOf(api),
    ...notesOf(api, options.clock),
  };
}
