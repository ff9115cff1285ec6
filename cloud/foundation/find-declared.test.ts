import { describe, expect, onTestFinished } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { pageOf, accountTest as test } from '../../test/cloud/account-scene.ts';
import { fastClock } from '../../test/cloud/clocks.ts';
import { API_KEY, type LocalApi } from '../../test/cloud/local-api.ts';
import { scriptedServer } from '../../test/cloud/scripted-server.ts';
import { openApi } from '../account/call.ts';
import { declare, stateName } from './declared.ts';
import { findDeclared } from './find-declared.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVuZ2luZQ own';

function declared(infra: object) {
  const config = configSchema.parse({ infra: { parent_domain: 'example.com', ...infra } });
  return declare({ config, environment: 'production' }, { 'webengine-deploy': KEY });
}

async function found(api: Pick<LocalApi, 'apiUrl'>, infra: object): Promise<Record<string, string>> {
  const open = openApi({ apiUrl: api.apiUrl, apiKey: API_KEY, clock: fastClock() });
  return Object.fromEntries((await findDeclared(open, declared(infra))).map(({ one, id }) => [stateName(one), id]));
}

describe('what an account has already', () => {
  test('is nothing in an empty one, which is asked once for each list', async ({ api, wire }) => {
    expect(await found(api, { firewall_group: 'web', foundation: { reserved_ip: true } })).toEqual({});
    expect(wire.seen.map(({ operation }) => operation).sort()).toEqual([
      'GET /domains',
      'GET /firewalls',
      'GET /reserved-ips',
      'GET /ssh-keys',
    ]);
  });

  test('is found by the names that the release commands use, with the ids that the provider imports by', async ({
    api,
  }) => {
    const key = (await api.ask('POST', '/ssh-keys', { name: 'webengine-deploy', ssh_key: KEY })).text('ssh_key.id');
    await api.ask('POST', '/firewalls', { description: 'other' });
    const group = (await api.ask('POST', '/firewalls', { description: 'web' })).text('firewall_group.id');
    const rule = { ip_type: 'v4', protocol: 'tcp', subnet: '0.0.0.0', subnet_size: 0 };
    await api.ask('POST', `/firewalls/${group}/rules`, {
      ...rule,
      port: '22',
      subnet: '198.51.100.0',
      subnet_size: 24,
    });
    await api.ask('POST', `/firewalls/${group}/rules`, { ...rule, port: '443' });
    await api.ask('POST', `/firewalls/${group}/rules`, { ...rule, port: '80', ip_type: 'v6', subnet: '::' });
    await api.ask('POST', '/domains', { domain: 'example.com' });
    const record = (name: string, type: string, data: string) =>
      api.ask('POST', '/domains/example.com/records', { name, type, data, ttl: 300 });
    await record('www', 'A', '192.0.2.7');
    await record('anny', 'TXT', '"anny"');
    const recordId = (await record('anny', 'A', '192.0.2.8')).text('record.id');
    const label = { region: 'ewr', ip_type: 'v4', label: 'anny-production' };
    const ip = (await api.ask('POST', '/reserved-ips', label)).text('reserved_ip.id');

    expect(await found(api, { firewall_group: 'web', foundation: { reserved_ip: true } })).toEqual({
      'ssh-key-webengine-deploy': key,
      'firewall-group': group,
      // The rule for 22 lets fewer in: it is not the declared one.
      'firewall-rule-443-v4': `${group},2`,
      'firewall-rule-80-v6': `${group},3`,
      domain: 'example.com',
      record: `example.com,${recordId}`,
      'reserved-ip': ip,
    });
  });

  test('is not adopted when it has another name', async ({ api }) => {
    await api.ask('POST', '/ssh-keys', { name: 'laptop', ssh_key: KEY });
    await api.ask('POST', '/reserved-ips', { region: 'ewr', ip_type: 'v4', label: 'anny' });
    expect(await found(api, { foundation: { reserved_ip: true } })).toEqual({});
  });

  test('may be a VPC and an object storage', async () => {
    const [region, label] = ['ewr', 'anny-production'];
    const server = await scriptedServer(
      pageOf('domains', []),
      pageOf('ssh_keys', []),
      pageOf('vpcs', [
        { id: 'vpc-1', description: label, region: 'fra', v4_subnet: '10.42.0.0', v4_subnet_mask: 24 },
        { id: 'vpc-2', description: label, region, v4_subnet: '10.42.0.0', v4_subnet_mask: 24 },
      ]),
      pageOf('object_storages', [{ id: 'storage-1', label, region, cluster_id: 4, s3_secret_key: 'not read' }]),
    );
    onTestFinished(server.close);
    const foundation = { vpc: '10.42.0.0/24', object_storage_cluster: 4 };
    expect(await found(server, { foundation })).toEqual({ vpc: 'vpc-2', 'object-storage': 'storage-1' });
  });
});
