import type Docker from 'dockerode';
import { AnnyError } from '../../operation/errors.ts';
import { addressPool } from './addresses.ts';
import { type ContainerShape, containerOptions } from './container.ts';
import { applyFirewall, firewallStore } from './firewall.ts';
import type { Hypervisor, MachineSpec } from './hypervisor.ts';
import { ensureNetwork } from './network.ts';
import { type CloudPlace, LABEL_CLOUD, LABEL_DISK_GB, LABEL_INSTANCE, LABEL_KIND, placeFiles } from './place.ts';
import { furtherAddressStore, leadNowhere, leadTo } from './reserved-routes.ts';
import { seedArchive } from './seed.ts';
import { copyVolume, removeImage, removeVolume, snapshotImage, snapshotVolume, takeSnapshot } from './snapshots.ts';

export interface HypervisorOptions {
  readonly engine: Docker;
  readonly place: CloudPlace;
  /** Image of a stock machine by the account's OS id. */
  readonly osImage: (osId: number) => Promise<string>;
  readonly privileged: boolean;
}

/** Machines as system containers: systemd, sshd and cloud-init as process 1 and its children, on a bridge of their own. */
export async function openHypervisor(options: HypervisorOptions): Promise<Hypervisor> {
  const { engine, place } = options;
  await ensureNetwork(engine, place);
  const shape: ContainerShape = { place, resolvConf: placeFiles(place).resolvConf, privileged: options.privileged };
  const firewalls = firewallStore(placeFiles(place).firewalls);
  const further = furtherAddressStore(placeFiles(place).furtherAddresses);
  const pool = addressPool(place.subnet);

  const containerOf = (id: string): Docker.Container => engine.getContainer(containerName(place, id));
  const lead = async (id: string, addresses: readonly string[]): Promise<void> => {
    if (addresses.length === 0) return;
    const machine = (await observe(engine, place)).get(id)?.address;
    if (machine === undefined) throw new Error(`no machine ${id}`);
    for (const address of addresses) await leadTo(place, address, machine);
  };
  const bringUp = async (id: string): Promise<void> => {
    const container = containerOf(id);
    await container.start().catch(ignore(304));
    const rules = await firewalls.read(id);
    if (rules !== undefined) await applyFirewall(await processId(container), rules);
    await lead(id, await further.read(id));
  };
  const pull = async (id: string): Promise<void> =>
    void (await containerOf(id)
      .kill()
      .catch(ignore(404, 409, 500)));

  return {
    create: async (spec) => {
      const address = pool.take((await observe(engine, place)).values());
      try {
        await createContainer(options, shape, spec, address);
        await bringUp(spec.id);
        return { address };
      } finally {
        pool.settle(address);
      }
    },
    start: bringUp,
    halt: pull,
    reboot: async (id) => {
      await pull(id);
      await bringUp(id);
    },
    destroy: async (id) => {
      await containerOf(id).remove({ force: true, v: false }).catch(ignore(404));
      await removeVolume(engine, volumeName(place, id));
      await firewalls.forget(id);
      for (const address of await further.read(id)) await leadNowhere(place, address);
      await further.write(id, []);
    },
    observe: () => observe(engine, place),
    snapshot: async (snapshotId, id) => {
      const disk = await containerOf(id).inspect();
      const taken = await takeSnapshot(engine, place, {
        snapshotId,
        container: containerOf(id),
        volume: volumeName(place, id),
      });
      return { sizeBytes: Number(disk.Config.Labels[LABEL_DISK_GB] ?? 0) * 1024 ** 3, compressedBytes: taken.bytes };
    },
    deleteSnapshot: async (snapshotId) => {
      await removeImage(engine, snapshotImage(place, snapshotId));
      await removeVolume(engine, snapshotVolume(place, snapshotId));
    },
    firewall: async (id, rules) => {
      await firewalls.write(id, rules);
      const container = containerOf(id);
      const { State } = await container.inspect();
      if (State.Running) await applyFirewall(State.Pid, rules);
    },
    furtherAddresses: async (id, addresses) => {
      const before = await further.read(id);
      await lead(id, addresses);
      for (const address of before.filter((one) => !addresses.includes(one))) await leadNowhere(place, address);
      await further.write(id, addresses);
    },
  };
}

export function containerName(place: CloudPlace, id: string): string {
  return `${place.name}-${id}`;
}

function volumeName(place: CloudPlace, id: string): string {
  return `${place.name}-${id}-docker`;
}

async function createContainer(
  { engine, place, osImage }: HypervisorOptions,
  shape: ContainerShape,
  spec: MachineSpec,
  address: string,
): Promise<void> {
  const image = 'osId' in spec.from ? await osImage(spec.from.osId) : snapshotImage(place, spec.from.snapshotId);
  const volume = volumeName(place, spec.id);
  const container = await engine
    .createContainer({
      ...containerOptions(shape, { spec, address, image, volume }),
      name: containerName(place, spec.id),
      Labels: {
        [LABEL_CLOUD]: place.name,
        [LABEL_KIND]: 'machine',
        [LABEL_INSTANCE]: spec.id,
        [LABEL_DISK_GB]: String(spec.diskGb),
      },
    })
    .catch((cause: unknown) => {
      throw new AnnyError('COMMAND_FAILED', {
        doing: `creating the machine ${spec.hostname}`,
        found: cause instanceof Error ? cause.message : String(cause),
        next: 'anny-cloud status shows what runs; anny-cloud reset begins anew',
        cause,
      });
    });
  if ('snapshotId' in spec.from) await copyVolume(engine, place, snapshotVolume(place, spec.from.snapshotId), volume);
  await container.putArchive(seedArchive(spec), { path: '/' });
}

async function observe(
  engine: Docker,
  place: CloudPlace,
): Promise<ReadonlyMap<string, { readonly running: boolean; readonly address: string }>> {
  const containers = await engine.listContainers({
    all: true,
    filters: { label: [`${LABEL_CLOUD}=${place.name}`, `${LABEL_KIND}=machine`] },
  });
  return new Map(
    containers.map((one) => [
      one.Labels[LABEL_INSTANCE] ?? '',
      {
        running: one.State === 'running',
        // The engine keeps a fixed address in its configuration while the machine is stopped.
        address: Object.values(one.NetworkSettings.Networks)[0]?.IPAMConfig?.IPv4Address ?? '',
      },
    ]),
  );
}

async function processId(container: Docker.Container): Promise<number> {
  return (await container.inspect()).State.Pid;
}

function ignore(...statuses: readonly number[]): (error: { statusCode?: number }) => void {
  return (error) => {
    if (error.statusCode === undefined || !statuses.includes(error.statusCode)) throw error;
  };
}
