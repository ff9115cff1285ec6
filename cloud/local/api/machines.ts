import type { Clock } from '../../../operation/clock.ts';
import type { Hypervisor } from '../hypervisor.ts';
import type { Faults } from './faults.ts';
import { furtherAddressesOf, rulesOf, specOf } from './machine-wishes.ts';
import type { Store, StoredInstance, StoredSnapshot } from './store.ts';

/** What happens behind the API after it has answered: machines boot, snapshots are copied, rules and addresses reach machines. */
export interface Machines {
  boot(instance: StoredInstance): void;
  /** The machine is gone from the account already; its disk goes now. */
  destroy(instance: StoredInstance): void;
  snapshot(snapshot: StoredSnapshot): void;
  applyFirewall(instance: StoredInstance): Promise<void>;
  applyAddresses(instance: StoredInstance): Promise<void>;
  isLocked(id: string): boolean;
  /** Sees which machines run, as the engine says. */
  refresh(): Promise<void>;
  /** Goes on with what an earlier process left half done. */
  resume(): Promise<void>;
  /** Waits for everything that is under way. */
  idle(): Promise<void>;
}

const INSTALL_MS = 300;
const BOOTED_MS = 1_500;

export function openMachines(store: Store, hypervisor: Hypervisor, faults: Faults, clock: Clock): Machines {
  const busy = new Set<string>();
  const tasks = new Set<Promise<void>>();
  const bootedAt = new Map<string, number>();
  const run = (id: string, work: () => Promise<void>): void => {
    busy.add(id);
    const task = work()
      .catch((error: unknown) => console.error(`machine ${id}:`, error))
      .then(() => {
        busy.delete(id);
        return store.save();
      })
      .catch((error: unknown) => console.error('the account:', error))
      .then(() => void tasks.delete(task));
    tasks.add(task);
  };

  const applyFirewall = async (instance: StoredInstance): Promise<void> => {
    // A machine that is still being made gets its rules when it is there.
    if (instance.status === 'active') await hypervisor.firewall(instance.id, rulesOf(store, instance));
  };

  const boot = async (instance: StoredInstance): Promise<void> => {
    instance.server_status = 'locked';
    if (faults.take('never-boots') !== undefined) instance.boots = false;
    await store.save();
    await clock.sleep(INSTALL_MS);
    const { address } = await hypervisor.create(specOf(store, instance));
    bootedAt.set(instance.id, clock.now() + BOOTED_MS);
    Object.assign(instance, {
      main_ip: address,
      status: 'active',
      power_status: 'running',
      server_status: 'installingbooting',
    });
    await applyFirewall(instance);
  };

  const snapshot = async (one: StoredSnapshot): Promise<void> => {
    if (faults.take('stuck-snapshot') !== undefined) return;
    const { sizeBytes, compressedBytes } = await hypervisor.snapshot(one.id, one.instance_id);
    Object.assign(one, { status: 'complete', size: sizeBytes, compressed_size: compressedBytes });
    // Deleted while it was being taken.
    if (!store.state.snapshots.includes(one)) await hypervisor.deleteSnapshot(one.id);
  };

  const machines: Machines = {
    boot: (instance) => run(instance.id, () => boot(instance)),
    destroy: (instance) => run(instance.id, () => hypervisor.destroy(instance.id)),
    snapshot: (one) => run(one.instance_id, () => snapshot(one)),
    applyFirewall,
    applyAddresses: (instance) => hypervisor.furtherAddresses(instance.id, furtherAddressesOf(store, instance)),
    isLocked: (id) => busy.has(id),
    refresh: async () => {
      const seen = await hypervisor.observe();
      for (const instance of store.state.instances) {
        if (busy.has(instance.id)) continue;
        instance.power_status = seen.get(instance.id)?.running ? 'running' : 'stopped';
        const booting = instance.server_status === 'installingbooting' && instance.boots;
        if (booting && clock.now() >= (bootedAt.get(instance.id) ?? 0)) instance.server_status = 'ok';
      }
    },
    resume: async () => {
      for (const id of (await hypervisor.observe()).keys()) {
        if (!store.state.instances.some((one) => one.id === id)) await hypervisor.destroy(id);
      }
      for (const instance of store.state.instances.filter(({ status }) => status === 'pending')) {
        // It may be there in part; it never served.
        await hypervisor.destroy(instance.id);
        machines.boot(instance);
      }
      const exists = (id: string): boolean => store.state.instances.some((one) => one.id === id);
      for (const one of store.state.snapshots.filter(({ status }) => status === 'pending')) {
        if (!exists(one.instance_id)) continue;
        await hypervisor.deleteSnapshot(one.id);
        machines.snapshot(one);
      }
    },
    idle: async () => {
      while (tasks.size > 0) await Promise.allSettled([...tasks]);
    },
  };
  return machines;
}
