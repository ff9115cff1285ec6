import type { Clock } from '../../../operation/clock.ts';
import type { Hypervisor, InboundRule } from '../hypervisor.ts';
import type { Faults } from './faults.ts';
import type { Store, StoredInstance, StoredSnapshot } from './store.ts';

/** What happens behind the API after it has answered: machines boot, snapshots are copied, rules reach machines. */
export interface Machines {
  boot(instance: StoredInstance): void;
  snapshot(snapshot: StoredSnapshot, instanceId: string): void;
  applyFirewall(instance: StoredInstance): Promise<void>;
  isLocked(id: string): boolean;
  /** Sees which machines run, as the engine says. */
  refresh(): Promise<void>;
  /** Waits for everything that is under way. */
  idle(): Promise<void>;
}

const INSTALL_MS = 300;
const BOOTED_MS = 1_500;

export function openMachines(store: Store, hypervisor: Hypervisor, faults: Faults, clock: Clock): Machines {
  const busy = new Set<string>();
  const tasks = new Set<Promise<void>>();
  const run = (id: string, work: () => Promise<void>): void => {
    busy.add(id);
    const task = work()
      .catch((error: unknown) => console.error(`machine ${id}:`, error))
      .finally(async () => {
        busy.delete(id);
        tasks.delete(task);
        await store.save();
      });
    tasks.add(task);
  };

  const boot = async (instance: StoredInstance): Promise<void> => {
    instance.server_status = 'locked';
    await store.save();
    if (faults.take('never-boots') !== undefined) {
      Object.assign(instance, { status: 'active', main_ip: '192.0.2.1', server_status: 'installingbooting' });
      return;
    }
    await clock.sleep(INSTALL_MS);
    const { address } = await hypervisor.create(specOf(store, instance));
    Object.assign(instance, {
      main_ip: address,
      status: 'active',
      power_status: 'running',
      server_status: 'installingbooting',
    });
    await applyFirewall(instance);
    await store.save();
    clock.sleep(BOOTED_MS).then(() => {
      instance.server_status = 'ok';
      return store.save();
    });
  };

  const snapshot = async (one: StoredSnapshot, instanceId: string): Promise<void> => {
    if (faults.take('stuck-snapshot') !== undefined) return;
    const { sizeBytes, compressedBytes } = await hypervisor.snapshot(one.id, instanceId);
    Object.assign(one, { status: 'complete', size: sizeBytes, compressed_size: compressedBytes });
  };

  const applyFirewall = (instance: StoredInstance): Promise<void> =>
    hypervisor.firewall(instance.id, rulesFor(store, instance.firewall_group_id));

  return {
    boot: (instance) => run(instance.id, () => boot(instance)),
    snapshot: (one, instanceId) => run(instanceId, () => snapshot(one, instanceId)),
    applyFirewall,
    isLocked: (id) => busy.has(id),
    refresh: async () => {
      const seen = await hypervisor.observe();
      for (const instance of store.state.instances) {
        if (busy.has(instance.id)) continue;
        const machine = seen.get(instance.id);
        instance.power_status = machine?.running ? 'running' : 'stopped';
      }
    },
    idle: async () => {
      while (tasks.size > 0) await Promise.allSettled([...tasks]);
    },
  };
}

function specOf({ state }: Store, instance: StoredInstance): Parameters<Hypervisor['create']>[0] {
  const reserved = state.reservedIps.find(({ id }) => id === instance.reserved_ipv4);
  return {
    id: instance.id,
    hostname: instance.hostname,
    from: instance.snapshot_id === '' ? { osId: instance.os_id } : { snapshotId: instance.snapshot_id },
    sshPublicKeys: state.sshKeys.filter(({ id }) => instance.ssh_key_ids.includes(id)).map(({ ssh_key }) => ssh_key),
    userData: instance.user_data === '' ? undefined : Buffer.from(instance.user_data, 'base64').toString(),
    vcpus: instance.vcpu_count,
    ramMb: instance.ram,
    diskGb: instance.disk,
    ...(reserved === undefined ? {} : { address: reserved.subnet }),
  };
}

/** A group without rules drops everything; no group lets everything in. */
function rulesFor({ state }: Store, groupId: string): readonly InboundRule[] | undefined {
  const group = state.firewallGroups.find(({ id }) => id === groupId);
  return group?.rules.map(({ protocol, port, subnet, subnet_size }) => ({
    protocol,
    port,
    source: `${subnet}/${subnet_size}`,
  }));
}
