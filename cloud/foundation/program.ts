import type * as Vultr from '@ediri/vultr';
import type { CustomResource, CustomResourceOptions, Input } from '@pulumi/pulumi';
import { ANYWHERE, type Declared, isStateful, type Kind, stateName } from './declared.ts';

export type VultrPackage = Pick<
  typeof Vultr,
  'SSHKey' | 'FirewallGroup' | 'FirewallRule' | 'DnsDomain' | 'DnsRecord' | 'ReservedIp' | 'Vpc' | 'ObjectStorage'
>;

/** Where a record leads that no release has taken yet: an address that is nobody's (RFC 5737). */
export const NOWHERE = '192.0.2.1';

/** Types in Pulumi's state. */
export const TYPES: Readonly<Record<Kind, string>> = {
  'ssh-key': 'vultr:index/sSHKey:SSHKey',
  'firewall-group': 'vultr:index/firewallGroup:FirewallGroup',
  'firewall-rule': 'vultr:index/firewallRule:FirewallRule',
  domain: 'vultr:index/dnsDomain:DnsDomain',
  record: 'vultr:index/dnsRecord:DnsRecord',
  'reserved-ip': 'vultr:index/reservedIp:ReservedIp',
  vpc: 'vultr:index/vpc:Vpc',
  'object-storage': 'vultr:index/objectStorage:ObjectStorage',
};

/**
 * What Pulumi never writes after the creation. An SSH key's value belongs to `ssh-keys rotate`. Of the record nothing: where it leads belongs to the switch, and the provider sends the
 * whole record with every change, with the address that it last knew. The provider does not read DNSSEC back, and would turn it off on a
 * zone that was adopted. Notes say nothing, and a changed one would replace its rule.
 */
const OTHERS_WRITE: Readonly<Partial<Record<Kind, string[]>>> = {
  'ssh-key': ['sshKey'],
  record: ['data', 'ttl', 'priority'],
  domain: ['dnsSec', 'ip'],
  'firewall-rule': ['notes'],
  'reserved-ip': ['instanceId'],
};

export interface Foundation {
  readonly declared: readonly Declared[];
  /** Stateful resources cannot be destroyed. */
  readonly protect: boolean;
}

/** Nothing in it is secret: keys of an object storage stay in the state, encrypted. */
export type Outputs = Readonly<Record<string, Input<string>>>;

/** Declares every resource to the engine; runs inside it, or under its mocks. */
export function declareResources(vultr: VultrPackage, { declared, protect }: Foundation): Outputs {
  const made = new Map<Kind, CustomResource>();
  const outputs: Record<string, Input<string>> = {};
  for (const one of declared) {
    const options = { protect: protect && isStateful(one), ignoreChanges: OTHERS_WRITE[one.kind] ?? [] };
    const { resource, tells } = make(vultr, one, options, made);
    made.set(one.kind, resource);
    if (tells !== undefined) outputs[stateName(one)] = tells;
  }
  return outputs;
}

interface Made {
  readonly resource: CustomResource;
  /** What somebody may want to know of it. */
  readonly tells?: Input<string>;
}

function make(
  vultr: VultrPackage,
  one: Declared,
  options: CustomResourceOptions,
  made: ReadonlyMap<Kind, CustomResource>,
): Made {
  const name = stateName(one);
  switch (one.kind) {
    case 'ssh-key': {
      const key = new vultr.SSHKey(name, { name: one.name, sshKey: one.publicKey }, options);
      return { resource: key, tells: key.id };
    }
    case 'firewall-group': {
      const group = new vultr.FirewallGroup(name, { description: one.description }, options);
      return { resource: group, tells: group.id };
    }
    case 'firewall-rule':
      return { resource: firewallRule(vultr, one, options, before(made, 'firewall-group').id) };
    case 'domain': {
      const domain = new vultr.DnsDomain(name, { domain: one.domain }, options);
      return { resource: domain, tells: domain.domain };
    }
    case 'record': {
      const { domain, name: label, ttlSeconds: ttl } = one;
      const record = { domain, name: label, type: 'A', data: NOWHERE, ttl };
      const dependsOn = before(made, 'domain');
      return { resource: new vultr.DnsRecord(name, record, { ...options, dependsOn }) };
    }
    case 'reserved-ip': {
      const ip = new vultr.ReservedIp(name, { ipType: 'v4', label: one.label, region: one.region }, options);
      return { resource: ip, tells: ip.subnet };
    }
    case 'vpc': {
      const { description, region, subnet } = one;
      const network = { description, region, v4Subnet: subnet.address, v4SubnetMask: subnet.bits };
      const vpc = new vultr.Vpc(name, network, options);
      return { resource: vpc, tells: vpc.id };
    }
    case 'object-storage': {
      const storage = new vultr.ObjectStorage(name, { label: one.label, clusterId: one.clusterId }, options);
      return { resource: storage, tells: storage.s3Hostname };
    }
  }
}

function firewallRule(
  vultr: VultrPackage,
  { port, ipType, ...one }: Extract<Declared, { kind: 'firewall-rule' }>,
  options: CustomResourceOptions,
  firewallGroupId: Input<string>,
): CustomResource {
  const from = { subnet: ANYWHERE[ipType], subnetSize: 0 };
  return new vultr.FirewallRule(
    stateName({ ...one, port, ipType }),
    { firewallGroupId, ipType, protocol: 'tcp', port, ...from },
    options,
  );
}

function before(made: ReadonlyMap<Kind, CustomResource>, kind: Kind): CustomResource {
  const found = made.get(kind);
  if (found === undefined) throw new Error(`a ${kind} must be declared before what needs it`);
  return found;
}
