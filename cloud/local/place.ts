import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { AnnyError } from '../../operation/errors.ts';

/** Where one local cloud lives: its name, its network, its ports, its directories. Several can run side by side. */
export interface CloudPlace {
  /** Label, network and container names begin with it. */
  readonly name: string;
  /** A /24, as "10.77.0.0/24". */
  readonly subnet: string;
  /** The host's address on the network: name server, ACME, package cache and repository host listen there. */
  readonly gateway: string;
  readonly apiPort: number;
  readonly adminPort: number;
  readonly acmePort: number;
  readonly dnsPort: number;
  readonly packageCachePort: number;
  readonly repositoryPort: number;
  readonly metadataPort: number;
  readonly stateDir: string;
  /** What outlives a reset: downloaded packages. */
  readonly cacheDir: string;
}

export const DEFAULT_NAME = 'anny-cloud';
const DEFAULT_SUBNET = '10.77.0.0/24';
const DEFAULT_API_PORT = 8484;
const ACME_PORT = 14000;
const DNS_PORT = 53;
const PACKAGE_CACHE_PORT = 3142;
const REPOSITORY_PORT = 8000;
const METADATA_PORT = 8169;

const PORT = 'a port from 1 to 65534';

const placeSchema = z.object({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'small letters, digits and dashes'),
  subnet: z.string().regex(/^(\d{1,3}\.){3}0\/24$/, 'a network like 10.77.0.0/24'),
  apiPort: z.int({ error: PORT }).min(1, PORT).max(65534, PORT),
});

export interface PlaceOptions {
  readonly name?: string;
  readonly subnet?: string;
  readonly apiPort?: number;
  readonly stateDir?: string;
}

export function cloudPlace(options: PlaceOptions, env: NodeJS.ProcessEnv): CloudPlace {
  const name = options.name ?? DEFAULT_NAME;
  const parsed = placeSchema.safeParse({
    name,
    subnet: options.subnet ?? DEFAULT_SUBNET,
    apiPort: options.apiPort ?? DEFAULT_API_PORT,
  });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AnnyError('USAGE', {
      doing: 'reading the options',
      found: `--${String(issue?.path[0] ?? 'option').replace('apiPort', 'port')} is not ${issue?.message ?? 'right'}`,
      next: 'anny-cloud --help shows the options',
    });
  }
  const { subnet, apiPort } = parsed.data;
  const stateHome = env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state');
  const cacheHome = env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return {
    name,
    subnet,
    gateway: subnet.replace(/\.0\/24$/, '.1'),
    apiPort,
    adminPort: apiPort + 1,
    acmePort: ACME_PORT,
    dnsPort: DNS_PORT,
    packageCachePort: PACKAGE_CACHE_PORT,
    repositoryPort: REPOSITORY_PORT,
    metadataPort: METADATA_PORT,
    stateDir: options.stateDir ?? join(stateHome, name),
    cacheDir: join(cacheHome, 'anny-cloud'),
  };
}

/** Files of a cloud's state directory. */
export function placeFiles(place: CloudPlace) {
  const file = (name: string): string => join(place.stateDir, name);
  return {
    apiKey: file('api-key'),
    trust: file('trust.pem'),
    daemonPid: file('daemon.json'),
    daemonLog: file('daemon.log'),
    engine: file('engine.json'),
    engineLog: file('dockerd.log'),
    resolvConf: file('resolv.conf'),
    firewalls: file('firewalls'),
    furtherAddresses: file('further-addresses'),
    acme: file('acme'),
    repositories: file('repositories'),
    repositoryHost: file('repository-host'),
    store: file('store'),
  };
}

export function networkName(place: CloudPlace): string {
  return place.name;
}

/** Of the bridge on this computer; Linux takes no longer one. */
export function bridgeName(place: CloudPlace): string {
  return networkName(place).slice(0, 15);
}

/** Labels on everything that belongs to a cloud, so that a look at the engine alone finds it all. */
export const LABEL_CLOUD = 'anny.cloud';
export const LABEL_KIND = 'anny.kind';
export const LABEL_INSTANCE = 'anny.instance';
export const LABEL_SNAPSHOT = 'anny.snapshot';
export const LABEL_DISK_GB = 'anny.disk-gb';
export const LABEL_RECIPE = 'anny.recipe';

/** None of these is a secret: what is behind them is on this computer alone. */
export const LOCAL_API_KEY = 'local-cloud-key';
export const LOCAL_ZONE = 'anny.test';
export const LOCAL_SSH_KEY_NAME = 'anny-local';
export const LOCAL_REPOSITORY_USER = 'anny';
export const LOCAL_REPOSITORY_PASSWORD = 'local-repository-host';
export const LOCAL_BACKUP_PASSWORD = 'local-cloud-backups';
