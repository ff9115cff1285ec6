import type { Hypervisor, InboundRule, MachineSpec } from './hypervisor.ts';

export interface SimulatedMachine {
  readonly spec: MachineSpec;
  readonly address: string;
  running: boolean;
  boots: number;
  rules: readonly InboundRule[] | undefined;
  furtherAddresses: readonly string[];
}

export interface SimulatedHypervisor extends Hypervisor {
  readonly machines: ReadonlyMap<string, SimulatedMachine>;
  readonly snapshots: ReadonlySet<string>;
  /** Snapshots that begin while it is closed wait until it opens: the platform works on the machine. */
  readonly gate: { close(): void; open(): void };
}

const FIRST_HOST = 10;

/** Machines that are only entries in a map: for tests of what is above the port. `like`: begins with copies of its machines. */
export function simulatedHypervisor(like?: SimulatedHypervisor): SimulatedHypervisor {
  const machines = new Map(structuredClone(like?.machines));
  const snapshots = new Set(like?.snapshots);
  const gate = openGate();
  let made = machines.size;
  const of = (id: string): SimulatedMachine => {
    const machine = machines.get(id);
    if (machine === undefined) throw new Error(`no machine ${id}`);
    return machine;
  };
  const start = (id: string): void => {
    const machine = of(id);
    if (!machine.running) machine.boots += 1;
    machine.running = true;
  };
  return {
    machines,
    snapshots,
    gate,
    create: async (spec) => {
      if (machines.has(spec.id)) throw new Error(`machine ${spec.id} exists`);
      if ('snapshotId' in spec.from && !snapshots.has(spec.from.snapshotId)) throw new Error('no such snapshot');
      const address = `10.77.0.${FIRST_HOST + made}`;
      made += 1;
      machines.set(spec.id, { spec, address, running: true, boots: 1, rules: undefined, furtherAddresses: [] });
      return { address };
    },
    start: async (id) => start(id),
    halt: async (id) => {
      of(id).running = false;
    },
    reboot: async (id) => {
      of(id).running = false;
      start(id);
    },
    destroy: async (id) => void machines.delete(id),
    observe: async () => new Map([...machines].map(([id, { running, address }]) => [id, { running, address }])),
    snapshot: async (snapshotId, instanceId) => {
      await gate.passed();
      snapshots.add(snapshotId);
      return { sizeBytes: of(instanceId).spec.diskGb * 1024 ** 3, compressedBytes: 1024 ** 3 };
    },
    deleteSnapshot: async (snapshotId) => void snapshots.delete(snapshotId),
    firewall: async (id, rules) => {
      of(id).rules = rules;
    },
    furtherAddresses: async (id, addresses) => {
      of(id).furtherAddresses = addresses;
    },
  };
}

function openGate() {
  let closed: PromiseWithResolvers<void> | undefined;
  return {
    close: (): void => {
      closed ??= Promise.withResolvers();
    },
    open: (): void => {
      closed?.resolve();
      closed = undefined;
    },
    passed: async (): Promise<void> => closed?.promise,
  };
}
