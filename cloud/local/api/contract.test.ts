import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fastClock } from '../../../test/cloud/clocks.ts';
import { type Contract, openContract } from '../../../test/cloud/contract.ts';
import { FACTS, readDescription } from '../../../test/cloud/description.ts';
import { type LocalApi, openLocalApi } from '../../../test/cloud/local-api.ts';
import { until } from '../../../test/cloud/until.ts';
import { type Watched, watch } from '../../../test/cloud/watch.ts';

const description = readDescription();
const reason = description === undefined ? ` (skipped: no Vultr API description in ${FACTS}; set ANNY_FACTS)` : '';

/** Routes that the API has only to refuse them. */
const REFUSED = new Set(['POST /snapshots/create-from-url']);

describe.skipIf(description === undefined)(`the local API against Vultr's description${reason}`, () => {
  let api: LocalApi;
  let contract: Contract;
  let seen: Watched[] = [];

  beforeAll(async () => {
    if (description === undefined) throw new Error('no description');
    contract = openContract(description);
    const clock = fastClock();
    api = await openLocalApi({
      clock,
      prepare: (server) => {
        seen = watch(server);
        // Time passes between calls, or the rate limit would be met.
        server.addHook('onRequest', () => clock.sleep(50));
      },
    });
    await callEverything(api);
  });
  afterAll(() => api.close());

  test('every route has answered as it should', () => {
    const answered = new Set(seen.filter(({ status }) => status < 300).map(({ operation }) => operation));
    const missing = api
      .operations()
      .filter((one) => !one.startsWith('HEAD') && !REFUSED.has(one) && !answered.has(one));
    expect(missing).toEqual([]);
  });

  test('every answer is what the description says, member by member', () => {
    expect(seen.flatMap((one) => contract.answer(one))).toEqual([]);
  });

  test('everything that the routes take is described', () => {
    expect(seen.filter(({ status }) => status < 300).flatMap((one) => contract.request(one))).toEqual([]);
  });

  test('a password is told in the answer to the create alone', () => {
    const told = seen.filter(({ answer }) => JSON.stringify(answer ?? '').includes('default_password'));
    expect(new Set(told.map(({ operation }) => operation))).toEqual(new Set(['POST /instances']));
  });

  test('a member too few, one too many, one of another type and another status are noticed', () => {
    const one = seen.find(({ operation }) => operation === 'GET /snapshots/:id');
    if (one === undefined) throw new Error('no snapshot was read');
    const problems = (change: object, status = 200) =>
      contract.answer({ ...one, status, answer: { snapshot: { ...SNAPSHOT, ...change } } });
    expect(problems({})).toEqual([]);
    expect(problems({ size: '1' })).toEqual([expect.stringContaining('size must be integer')]);
    expect(problems({ size: undefined })).toEqual([expect.stringContaining("must have required property 'size'")]);
    expect(problems({ colour: 'red' })).toEqual([expect.stringContaining('must NOT have additional properties')]);
    expect(problems({}, 202)).toEqual([expect.stringContaining('answer 202')]);
    const request = { ...one, method: 'POST', target: '/snapshots?x=1', body: { description: 'without a machine' } };
    expect(contract.request(request)).toEqual([
      expect.stringContaining('query x is not described'),
      expect.stringContaining("must have required property 'instance_id'"),
    ]);
  });
});

const SNAPSHOT = {
  id: 'x',
  date_created: '2026-01-05T08:00:00+00:00',
  description: '',
  size: 1,
  compressed_size: 1,
  status: 'complete',
  os_id: 2284,
  app_id: 0,
};

/** One of everything, made, read, changed and removed. */
async function callEverything({ ask }: LocalApi): Promise<void> {
  for (const path of ['/account', '/regions', '/plans?type=vc2', '/os', '/regions/ewr/availability', '/object-storage'])
    await ask('GET', path);

  const key = (await ask('POST', '/ssh-keys', { name: 'ops', ssh_key: 'ssh-ed25519 AAAA ops' })).text('ssh_key.id');
  await ask('GET', '/ssh-keys?per_page=1');
  await ask('GET', `/ssh-keys/${key}`);
  await ask('PATCH', `/ssh-keys/${key}`, { name: 'operators' });

  const note = { name: 'a note', type: 'boot', script: 'aGVsbG8=' };
  const script = (await ask('POST', '/startup-scripts', note)).text('startup_script.id');
  await ask('GET', '/startup-scripts?per_page=1');
  await ask('GET', `/startup-scripts/${script}`);
  await ask('PATCH', `/startup-scripts/${script}`, { script: 'd29ybGQ=' });
  await ask('DELETE', `/startup-scripts/${script}`);

  const group = (await ask('POST', '/firewalls', { description: 'web' })).text('firewall_group.id');
  const rule = { ip_type: 'v4', protocol: 'tcp', port: '443', subnet: '0.0.0.0', subnet_size: 0 };
  await ask('POST', `/firewalls/${group}/rules`, rule);
  await ask('GET', `/firewalls/${group}/rules`);
  await ask('GET', `/firewalls/${group}/rules/1`);
  await ask('GET', '/firewalls');
  await ask('PUT', `/firewalls/${group}`, { description: 'the web' });
  await ask('GET', `/firewalls/${group}`);

  const ip = (await ask('POST', '/reserved-ips', { region: 'ewr', ip_type: 'v4', label: 'app' })).text(
    'reserved_ip.id',
  );
  await ask('GET', '/reserved-ips');
  await ask('GET', `/reserved-ips/${ip}`);
  await ask('PATCH', `/reserved-ips/${ip}`, { label: 'the app' });

  const from = { region: 'ewr', plan: 'vc2-1c-1gb', hostname: 'app', label: 'app', tags: ['anny'], sshkey_id: [key] };
  const machine = { ...from, os_id: 2284, user_data: 'I2Nsb3VkLWNvbmZpZwp7fQo=', firewall_group_id: group };
  const id = (await ask('POST', '/instances', machine)).text('instance.id');
  const isOf = async (path: string, member: string, value: string) => (await ask('GET', path)).at(member) === value;
  await until(() => isOf(`/instances/${id}`, 'instance.status', 'active'));
  await ask('GET', '/instances?tag=anny&label=app&hostname=app&region=ewr');
  await ask('PATCH', `/instances/${id}`, { tags: ['anny', 'stage=live'] });
  await ask('GET', `/instances/${id}/user-data`);
  await ask('POST', `/reserved-ips/${ip}/attach`, { instance_id: id });
  await ask('GET', `/instances/${id}/ipv4`);
  await ask('POST', '/reserved-ips/convert', { ip_address: '10.77.0.10', label: 'kept' });
  await ask('POST', `/reserved-ips/${ip}/detach`);
  for (const verb of ['halt', 'start', 'reboot']) {
    await ask('POST', `/instances/${id}/${verb}`);
    await ask('POST', `/instances/${verb}`, { instance_ids: [id] });
  }

  const snapshot = (await ask('POST', '/snapshots', { instance_id: id, description: 'one' })).text('snapshot.id');
  await until(() => isOf(`/snapshots/${snapshot}`, 'snapshot.status', 'complete'));
  await ask('GET', '/snapshots?description=one');
  await ask('PUT', `/snapshots/${snapshot}`, { description: 'two' });
  await ask('POST', '/snapshots/create-from-url', { url: 'https://example.com/disk.raw' });

  await ask('POST', '/domains', { domain: 'example.com', ip: '192.0.2.1', dns_sec: 'disabled' });
  await ask('GET', '/domains');
  await ask('GET', '/domains/example.com');
  const records = '/domains/example.com/records';
  const a = { name: 'app', type: 'A', data: '192.0.2.2', ttl: 60, priority: 0 };
  const record = (await ask('POST', records, a)).text('record.id');
  await ask('GET', records);
  await ask('GET', `${records}/${record}`);
  await ask('PATCH', `${records}/${record}`, { data: '192.0.2.3' });

  await ask('GET', '/nothing-of-the-kind');
  await ask('GET', '/instances/unknown');
  await ask('POST', '/instances', { region: 'ewr', plan: 'none', os_id: 2284 });

  await ask('DELETE', `${records}/${record}`);
  await ask('DELETE', '/domains/example.com');
  await ask('DELETE', `/snapshots/${snapshot}`);
  await ask('DELETE', `/instances/${id}`);
  await ask('DELETE', `/reserved-ips/${ip}`);
  await ask('DELETE', `/firewalls/${group}/rules/1`);
  await ask('DELETE', `/firewalls/${group}`);
  await ask('DELETE', `/ssh-keys/${key}`);
}
