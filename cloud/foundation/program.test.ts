import * as vultr from '@ediri/vultr';
import { type CustomResourceOptions, runtime } from '@pulumi/pulumi';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { declare, isStateful, stateName } from './declared.ts';
import { declareResources, NOWHERE, TYPES } from './program.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVuZ2luZQ own';
const S3_SECRET = 's3-secret-key-of-the-account';

interface Registered {
  readonly name: string;
  readonly type: string;
  readonly inputs: Record<string, unknown>;
  readonly protect: boolean | undefined;
  readonly ignored: readonly string[];
  readonly secretOutputs: readonly string[];
}

/** The real program under Pulumi's mocks of the engine: what it registers, and what it says in the end. */
async function registered(infra: object, deploy: object = {}) {
  const settings = { config: configSchema.parse({ infra, deploy }), environment: 'production' };
  const declared = declare(settings, { 'webengine-deploy': KEY, ...settings.config.infra.foundation.ssh_keys });
  const inputs = new Map<string, Record<string, unknown>>();
  const options = new Map<string, CustomResourceOptions>();
  await runtime.setMocks({
    call: ({ inputs }) => inputs,
    newResource: (args) => {
      inputs.set(args.name, args.inputs);
      const made = { subnet: '203.0.113.7', s3Hostname: 'ewr1.vultrobjects.com', s3SecretKey: S3_SECRET };
      return { id: `id-of-${args.name}`, state: { ...made, ...args.inputs } };
    },
  });
  const told = await runtime.runInPulumiStack(async () => {
    runtime.registerStackTransformation(({ name, opts }) => void options.set(name, opts));
    return declareResources(vultr, { declared, protect: settings.config.infra.foundation.protect });
  });
  await runtime.disconnect();
  const resources = declared.map((one): Registered => {
    const name = stateName(one);
    const {
      protect,
      ignoreChanges: ignored = [],
      additionalSecretOutputs: secretOutputs = [],
    } = options.get(name) ?? {};
    const found = inputs.get(name) ?? expect.fail(`${name} was not registered`);
    return { name, type: TYPES[one.kind], inputs: found, protect, ignored, secretOutputs };
  });
  return { declared, resources, count: inputs.size, outputs: told };
}

const EVERYTHING = {
  firewall_group: 'web',
  foundation: {
    ssh_keys: { second: `${KEY}2` },
    reserved_ip: true,
    vpc: '10.42.0.0/24',
    object_storage_cluster: 4,
  },
};

describe('the foundation as a Pulumi program', () => {
  test('declares the least: key, domain, and the record with its TTL', async () => {
    const { resources, count, outputs } = await registered(
      { parent_domain: 'example.com', subdomain: '' },
      { ttl: '60s' },
    );
    expect(resources.map(({ type, inputs }) => [type, inputs])).toEqual([
      ['vultr:index/sSHKey:SSHKey', { name: 'webengine-deploy', sshKey: KEY }],
      ['vultr:index/dnsDomain:DnsDomain', { domain: 'example.com' }],
      ['vultr:index/dnsRecord:DnsRecord', { domain: 'example.com', name: '', type: 'A', data: NOWHERE, ttl: 60 }],
    ]);
    // And the stack itself.
    expect(count).toBe(resources.length + 1);
    expect(outputs).toEqual({ 'ssh-key-webengine-deploy': 'id-of-ssh-key-webengine-deploy', domain: 'example.com' });
  });

  test('opens 22, 80 and 443 to everybody by IPv4 and IPv6, in the group that a release looks for', async () => {
    const { resources } = await registered({ firewall_group: 'web' });
    expect(resources.find(({ name }) => name === 'firewall-group')?.inputs).toEqual({ description: 'web' });
    const rules = resources.filter(({ type }) => type === TYPES['firewall-rule']);
    const rule = { firewallGroupId: 'id-of-firewall-group', protocol: 'tcp', subnetSize: 0 };
    expect(rules.map(({ inputs }) => inputs)).toEqual([
      { ...rule, port: '22', ipType: 'v4', subnet: '0.0.0.0' },
      { ...rule, port: '80', ipType: 'v4', subnet: '0.0.0.0' },
      { ...rule, port: '443', ipType: 'v4', subnet: '0.0.0.0' },
      { ...rule, port: '22', ipType: 'v6', subnet: '::' },
      { ...rule, port: '80', ipType: 'v6', subnet: '::' },
      { ...rule, port: '443', ipType: 'v6', subnet: '::' },
    ]);
  });

  test('declares whatever else is asked for', async () => {
    const { resources, outputs } = await registered(EVERYTHING);
    const inputsOf = (name: string) => resources.find((one) => one.name === name)?.inputs;
    const label = 'anny-production';
    expect(inputsOf('ssh-key-second')).toEqual({ name: 'second', sshKey: `${KEY}2` });
    expect(inputsOf('reserved-ip')).toEqual({ ipType: 'v4', label, region: 'ewr' });
    expect(inputsOf('vpc')).toEqual({ description: label, region: 'ewr', v4Subnet: '10.42.0.0', v4SubnetMask: 24 });
    expect(inputsOf('object-storage')).toEqual({ label, clusterId: 4 });
    expect(outputs).toMatchObject({
      'firewall-group': 'id-of-firewall-group',
      'reserved-ip': '203.0.113.7',
      vpc: 'id-of-vpc',
      'object-storage': 'ewr1.vultrobjects.com',
    });
  });

  test('protects what nobody can give back, and nothing else', async () => {
    const { declared, resources } = await registered(EVERYTHING);
    const stateful = declared.filter(isStateful).map(stateName);
    expect(stateful).toEqual(['domain', 'reserved-ip', 'object-storage']);
    expect(resources.filter(({ protect }) => protect).map(({ name }) => name)).toEqual(stateful);
  });

  test('protects nothing where the configuration lifts it', async () => {
    const { resources } = await registered({ foundation: { ...EVERYTHING.foundation, protect: false } });
    expect(resources.filter(({ protect }) => protect)).toEqual([]);
  });

  test('never writes again what belongs to others: where the name leads, DNSSEC, what an address is attached to, a key that was rotated', async () => {
    const { resources } = await registered(EVERYTHING);
    const ignored = Object.fromEntries(resources.map(({ name, ignored }) => [name, ignored]));
    expect(ignored).toMatchObject({
      record: ['data', 'ttl', 'priority'],
      domain: ['dnsSec', 'ip'],
      'reserved-ip': ['instanceId'],
      'firewall-rule-22-v4': ['notes'],
      'firewall-group': [],
      // `ssh-keys rotate` writes it.
      'ssh-key-second': ['sshKey'],
    });
  });

  test('keeps the keys of the object storage secret in the state, and out of the outputs', async () => {
    const { resources, outputs } = await registered(EVERYTHING);
    const storage = resources.find(({ name }) => name === 'object-storage');
    expect(storage?.secretOutputs).toEqual(expect.arrayContaining(['s3AccessKey', 's3SecretKey']));
    expect(JSON.stringify(outputs)).not.toContain(S3_SECRET);
  });

  test('has a type in the state for each kind that the provider knows by that very name', () => {
    const classes = [vultr.SSHKey, vultr.FirewallGroup, vultr.FirewallRule, vultr.DnsDomain, vultr.DnsRecord];
    const known = [...classes, vultr.ReservedIp, vultr.Vpc, vultr.ObjectStorage].map((one) =>
      Reflect.get(one, '__pulumiType'),
    );
    expect(Object.values(TYPES)).toEqual(known);
  });
});
