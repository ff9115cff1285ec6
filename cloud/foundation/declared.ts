import type { Settings } from '../../config/settings.ts';

/** What outlives releases, as data: the program makes it, `import` looks for it, and the screen names it. */
export type Declared =
  | { readonly kind: 'ssh-key'; readonly name: string; readonly publicKey: string }
  | { readonly kind: 'firewall-group'; readonly description: string }
  | { readonly kind: 'firewall-rule'; readonly port: string; readonly ipType: IpType }
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'record'; readonly domain: string; readonly name: string; readonly ttlSeconds: number }
  | { readonly kind: 'reserved-ip'; readonly label: string; readonly region: string }
  | { readonly kind: 'vpc'; readonly description: string; readonly region: string; readonly subnet: Subnet }
  | { readonly kind: 'object-storage'; readonly label: string; readonly clusterId: number };

export type Kind = Declared['kind'];
export type IpType = 'v4' | 'v6';

export interface Subnet {
  readonly address: string;
  readonly bits: number;
}

const OPEN_PORTS = ['22', '80', '443'];
const IP_TYPES: readonly IpType[] = ['v4', 'v6'];

/** Everybody. */
export const ANYWHERE: Readonly<Record<IpType, string>> = { v4: '0.0.0.0', v6: '::' };

/** Nobody can give back what is lost with these: a zone with its records, backups, an address that others know. */
const STATEFUL: ReadonlySet<Kind> = new Set<Kind>(['domain', 'object-storage', 'reserved-ip']);

export function isStateful({ kind }: Pick<Declared, 'kind'>): boolean {
  return STATEFUL.has(kind);
}

/**
 * Everything that the configuration asks for; what others need comes first.
 * @param keys public SSH keys by the names that the account knows them by.
 */
export function declare(
  { config: { infra, deploy }, environment }: Pick<Settings, 'config' | 'environment'>,
  keys: Readonly<Record<string, string>>,
): readonly Declared[] {
  const { foundation, parent_domain: domain, vultr_region: region } = infra;
  const label = `${infra.vultr_label}-${environment}`;
  return [
    ...Object.entries(keys).map(([name, publicKey]) => ({ kind: 'ssh-key' as const, name, publicKey })),
    ...firewall(infra.firewall_group),
    { kind: 'domain', domain },
    { kind: 'record', domain, name: infra.subdomain, ttlSeconds: Math.max(1, Math.round(deploy.ttl / 1000)) },
    ...(foundation.reserved_ip ? [{ kind: 'reserved-ip' as const, label, region }] : []),
    ...network(foundation.vpc, label, region),
    ...(foundation.object_storage_cluster === 0
      ? []
      : [{ kind: 'object-storage' as const, label, clusterId: foundation.object_storage_cluster }]),
  ];
}

function firewall(description: string): readonly Declared[] {
  if (description === '') return [];
  const rules = IP_TYPES.flatMap((ipType) =>
    OPEN_PORTS.map((port) => ({ kind: 'firewall-rule' as const, port, ipType })),
  );
  return [{ kind: 'firewall-group', description }, ...rules];
}

function network(cidr: string, description: string, region: string): readonly Declared[] {
  if (cidr === '') return [];
  const [address = '', bits = ''] = cidr.split('/');
  return [{ kind: 'vpc', description, region, subnet: { address, bits: Number(bits) } }];
}

/** Its name in Pulumi's state: another one would make it a new resource. */
export function stateName(one: Declared): string {
  switch (one.kind) {
    case 'ssh-key':
      return `ssh-key-${one.name}`;
    case 'firewall-rule':
      return `firewall-rule-${one.port}-${one.ipType}`;
    default:
      return one.kind;
  }
}

/** As a person calls it. */
export function titleOf(one: Declared): string {
  switch (one.kind) {
    case 'ssh-key':
      return `SSH key ${one.name}`;
    case 'firewall-group':
      return `firewall group ${one.description}`;
    case 'firewall-rule':
      return `firewall rule ${one.port} IP${one.ipType}`;
    case 'domain':
      return `domain ${one.domain}`;
    case 'record':
      return `A record ${one.name === '' ? one.domain : `${one.name}.${one.domain}`}`;
    case 'reserved-ip':
      return `reserved IP ${one.label} in ${one.region}`;
    case 'vpc':
      return `VPC ${one.description} ${one.subnet.address}/${one.subnet.bits}`;
    case 'object-storage':
      return `object storage ${one.label}`;
  }
}
