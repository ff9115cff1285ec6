import { readFile, writeFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { systemClock } from '../../operation/system-clock.ts';
import { startAcme } from './acme.ts';
import { createAdminApi } from './api/admin.ts';
import { openFaults } from './api/faults.ts';
import { createApi } from './api/server.ts';
import { openStore, type Store } from './api/store.ts';
import { canBePrivileged } from './engine.ts';
import { openHypervisor } from './hypervisor-docker.ts';
import { startMetadata } from './metadata.ts';
import { startNameServer } from './name-server.ts';
import { type CloudPlace, cloudPlace, placeFiles } from './place.ts';
import { startRepositoryHost } from './repository-host.ts';
import { leadNowhere, reservedAddresses } from './reserved-routes.ts';

export interface DaemonOptions {
  readonly place: CloudPlace;
  readonly apiKey: string;
  /** Image of a stock machine. */
  readonly machineImage: string;
}

/** The local cloud in one process: API, admin API, name server, ACME server, repository host. Returns how to end it. */
export async function startDaemon({ place, apiKey, machineImage }: DaemonOptions): Promise<() => Promise<void>> {
  const files = placeFiles(place);
  await writeFile(files.resolvConf, `nameserver ${place.gateway}\noptions timeout:2 attempts:2\n`);
  const hypervisor = await openHypervisor({
    engine: new Docker(),
    place,
    osImage: async () => machineImage,
    privileged: await canBePrivileged(),
  });
  const store = await openStore(files.store);
  const led = store.state.reservedIps.filter(({ instance_id }) => instance_id !== '').map(({ subnet }) => subnet);
  for (const address of reservedAddresses(place)) if (!led.includes(address)) await leadNowhere(place, address);
  await resumeMachines(store, hypervisor);
  const faults = openFaults();
  const names = await startNameServer({
    address: place.gateway,
    port: place.dnsPort,
    zones: () => store.state.domains,
    upstream: await hostResolvers(),
  });
  const [metadata, acme, repositories] = await Promise.all([
    startMetadata(place, () => store.state),
    startAcme(place, systemClock),
    startRepositoryHost(place, systemClock),
  ]);
  const addresses = reservedAddresses(place);
  const api = createApi({ store, hypervisor, faults, clock: systemClock, apiKey, reservedAddresses: addresses });
  const admin = createAdminApi(faults, store);
  await api.ready();
  await admin.listen({ host: '127.0.0.1', port: place.adminPort });
  await api.listen({ host: '127.0.0.1', port: place.apiPort });
  return async () => {
    await Promise.allSettled([
      api.close(),
      admin.close(),
      names.close(),
      metadata.close(),
      acme.close(),
      repositories.close(),
    ]);
    await store.save();
  };
}

/** What ran when the cloud went down runs again; what was powered off stays so. */
async function resumeMachines(store: Store, hypervisor: Awaited<ReturnType<typeof openHypervisor>>): Promise<void> {
  const seen = await hypervisor.observe();
  for (const instance of store.state.instances) {
    if (instance.power_status === 'running' && seen.get(instance.id)?.running === false) {
      await hypervisor.start(instance.id);
    }
  }
}

async function hostResolvers(): Promise<readonly string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)].flatMap((match) => match[1] ?? []);
}

/** Entry of the background process: its options come as one JSON argument. */
if (process.argv[1] === import.meta.filename) {
  const options = JSON.parse(process.argv[2] ?? '{}') as Parameters<typeof cloudPlace>[0] &
    Omit<DaemonOptions, 'place'>;
  const stop = await startDaemon({ ...options, place: cloudPlace(options, process.env) });
  const end = (): void => void stop().then(() => process.exit(0));
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
