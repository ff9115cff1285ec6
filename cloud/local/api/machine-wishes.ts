import type { InboundRule, MachineSpec } from '../hypervisor.ts';
import type { Store, StoredInstance } from './store.ts';

/** What the account's data asks of the hypervisor for one machine. */
export function specOf({ state }: Store, instance: StoredInstance): MachineSpec {
  return {
    id: instance.id,
    hostname: instance.hostname,
    from: instance.snapshot_id === '' ? { osId: instance.os_id } : { snapshotId: instance.snapshot_id },
    sshPublicKeys: state.sshKeys.filter(({ id }) => instance.ssh_key_ids.includes(id)).map(({ ssh_key }) => ssh_key),
    userData: instance.user_data === '' ? undefined : Buffer.from(instance.user_data, 'base64').toString(),
    vcpus: instance.vcpu_count,
    ramMb: instance.ram,
    diskGb: instance.disk,
    boots: instance.boots,
  };
}

/** A group without rules drops everything; no group lets everything in. */
export function rulesOf({ state }: Store, instance: StoredInstance): readonly InboundRule[] | undefined {
  const group = state.firewallGroups.find(({ id }) => id === instance.firewall_group_id);
  return group?.rules.map(({ protocol, port, subnet, subnet_size }) => ({
    protocol,
    port,
    source: `${subnet}/${subnet_size}`,
  }));
}

/** Reserved addresses that were attached to it, without its first one, should that be kept. */
export function furtherAddressesOf({ state }: Store, instance: StoredInstance): readonly string[] {
  return state.reservedIps
    .filter(({ instance_id, subnet }) => instance_id === instance.id && subnet !== instance.main_ip)
    .map(({ subnet }) => subnet);
}
