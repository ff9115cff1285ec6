import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { certificatesIssued, startAcme } from '../../cloud/local/acme.ts';
import { canBePrivileged } from '../../cloud/local/engine.ts';
import type { Hypervisor } from '../../cloud/local/hypervisor.ts';
import { openHypervisor } from '../../cloud/local/hypervisor-docker.ts';
import { ensureRootImage } from '../../cloud/local/machine-image.ts';
import { startNameServer } from '../../cloud/local/name-server.ts';
import { ensureNetwork } from '../../cloud/local/network.ts';
import { type CloudPlace, cloudPlace, networkName, placeFiles } from '../../cloud/local/place.ts';
import { nodeApp, STOCK_MACHINE } from '../../cloud/local/recipes.ts';
import { startRepositoryHost } from '../../cloud/local/repository-host.ts';
import { configSchema } from '../../config/schema.ts';
import type { Settings } from '../../config/settings.ts';
import { silentReport } from '../../operation/silent-report.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { makeSshKey } from '../ssh-key.ts';

const SUBNET = '10.83.0.0/24';
const API_PORT = 8783;

/** A local cloud without its API: real machines, a name server, an ACME server, and the settings of a small app. */
export interface Ground {
  readonly place: CloudPlace;
  readonly hypervisor: Hypervisor;
  readonly settings: Settings;
  readonly privateKeyPath: string;
  readonly publicKey: string;
  /** Certificates that everything here trusts. */
  readonly trust: string;
  /** Where the public name leads; undefined for nowhere. */
  pointName(address: string | undefined): void;
  /** By the ACME server's own word. */
  certificatesIssued(): Promise<number>;
  close(): Promise<void>;
}

/** @param overrides sections of config.yaml that replace those of the trial. */
export async function openGround(overrides: Readonly<Record<string, object>> = {}): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-trial-'));
  const place = cloudPlace({ name: 'anny-trial', subnet: SUBNET, apiPort: API_PORT, stateDir: directory }, process.env);
  const engine = new Docker();
  const machineImage = await ensureRootImage(engine, STOCK_MACHINE, silentReport);
  await ensureRootImage(engine, await nodeApp(), silentReport);
  await writeFile(placeFiles(place).resolvConf, `nameserver ${place.gateway}\noptions timeout:1 attempts:1\n`);
  await removeLeftovers(engine, place);
  await ensureNetwork(engine, place);
  let leadsTo: string | undefined;
  const records = () => (leadsTo === undefined ? [] : [{ type: 'A', name: 'app', data: leadsTo, ttl: 1 }]);
  const names = await startNameServer({
    address: place.gateway,
    port: place.dnsPort,
    zones: () => [{ domain: 'trial.test', records: records() }],
    upstream: await hostResolvers(),
  });
  const acme = await startAcme(place, systemClock);
  const repositories = await startRepositoryHost(place, systemClock);
  const hypervisor = await openHypervisor({
    engine,
    place,
    osImage: async () => machineImage,
    privileged: await canBePrivileged(),
  });
  const key = await operatorKey(directory);
  return {
    place,
    hypervisor,
    ...key,
    settings: settings(place, overrides),
    trust: await readFile(placeFiles(place).trust, 'utf8'),
    pointName: (address) => {
      leadsTo = address;
    },
    certificatesIssued: () => certificatesIssued(place),
    close: async () => {
      await Promise.allSettled([names.close(), acme.close(), repositories.close()]);
      await removeLeftovers(engine, place);
      await engine.getNetwork(networkName(place)).remove();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function settings(place: CloudPlace, overrides: Readonly<Record<string, object>>): Settings {
  const config = configSchema.parse({
    app: {
      name: 'ledger',
      context: 'app',
      build_args: { BASE_IMAGE: 'anny-local/node:24' },
      state_volume: 'ledger-state',
      state_path: '/state',
      config_file: '',
      secret_files: {},
      secrets: ['LEDGER_KEY'],
      environment: { GREETING: 'it\'s $5 "now"' },
      stop_grace: '5s',
    },
    tls: { email: 'ops@trial.test', acme_server: `https://${place.gateway}:${place.acmePort}/dir` },
    image: { docker: 'distribution', upgrade: false },
    ...overrides,
  });
  return {
    environment: 'trial',
    config,
    directory: import.meta.dirname,
    publicName: 'app.trial.test',
    secret: () => undefined,
    secretValues: () => new Map(),
  };
}

async function operatorKey(directory: string): Promise<{ privateKeyPath: string; publicKey: string }> {
  const { privateKey, publicKey } = makeSshKey(systemClock);
  const privateKeyPath = join(directory, 'key');
  await writeFile(privateKeyPath, privateKey, { mode: 0o600 });
  return { privateKeyPath, publicKey };
}

/** An earlier run that was killed leaves machines; they are this place's alone, and it may be removing them just now. */
async function removeLeftovers(engine: Docker, place: CloudPlace): Promise<void> {
  const mine = { label: [`anny.cloud=${place.name}`] };
  for (const { Id } of await engine.listContainers({ all: true, filters: mine })) {
    await engine.getContainer(Id).remove({ force: true, v: true }).catch(ignoreGone);
  }
  for (const { RepoTags } of await engine.listImages({ filters: { reference: [`${place.name}/*`] } })) {
    for (const tag of RepoTags ?? []) await engine.getImage(tag).remove({ force: true }).catch(ignoreGone);
  }
  const { Volumes } = await engine.listVolumes();
  for (const { Name } of Volumes ?? []) {
    if (Name.startsWith(`${place.name}-`)) await engine.getVolume(Name).remove({ force: true }).catch(ignoreGone);
  }
}

function ignoreGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}

async function hostResolvers(): Promise<readonly string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)].flatMap((match) => match[1] ?? []);
}
