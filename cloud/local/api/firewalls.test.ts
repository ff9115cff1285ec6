import { describe, expect } from 'vitest';
import type { LocalApi } from '../../../test/cloud/local-api.ts';
import { makeMachine, apiTest as test } from '../../../test/cloud/scene.ts';

const HTTPS = { ip_type: 'v4', protocol: 'tcp', port: '443', subnet: '0.0.0.0', subnet_size: 0 };
const HTTPS_RULE = { protocol: 'tcp', port: '443', source: '0.0.0.0/0' };

async function makeGroup({ ask }: LocalApi): Promise<string> {
  return (await ask('POST', '/firewalls', { description: 'web' })).text('firewall_group.id');
}

describe('firewall groups', () => {
  test('without a group everything is let in, and a group without rules drops everything', async ({ api }) => {
    const group = await makeGroup(api);
    const [open, shut] = [await makeMachine(api), await makeMachine(api, { firewall_group_id: group })];
    expect(api.hypervisor.machines.get(open)?.rules).toBeUndefined();
    expect(api.hypervisor.machines.get(shut)?.rules).toEqual([]);
  });

  test('a rule reaches every machine of the group, and leaves it again', async ({ api }) => {
    const group = await makeGroup(api);
    const ids = [await makeMachine(api, { firewall_group_id: group }), await makeMachine(api)];
    await api.ask('PATCH', `/instances/${ids[1]}`, { firewall_group_id: group });
    const rules = () => ids.map((id) => api.hypervisor.machines.get(id)?.rules);
    const added = await api.ask('POST', `/firewalls/${group}/rules`, HTTPS);
    expect(added.at('firewall_rule')).toMatchObject({ ...HTTPS, id: 1, action: 'accept' });
    expect(rules()).toEqual([[HTTPS_RULE], [HTTPS_RULE]]);
    await api.ask('DELETE', `/firewalls/${group}/rules/1`);
    expect(rules()).toEqual([[], []]);
  });

  test('a machine that leaves its group is open again', async ({ api }) => {
    const id = await makeMachine(api, { firewall_group_id: await makeGroup(api) });
    await api.ask('PATCH', `/instances/${id}`, { firewall_group_id: '' });
    expect(api.hypervisor.machines.get(id)?.rules).toBeUndefined();
  });

  test('a group that is removed lets its machines go', async ({ api }) => {
    const group = await makeGroup(api);
    const id = await makeMachine(api, { firewall_group_id: group });
    expect((await api.ask('DELETE', `/firewalls/${group}`)).status).toBe(204);
    expect(api.hypervisor.machines.get(id)?.rules).toBeUndefined();
    expect((await api.ask('GET', `/instances/${id}`)).at('instance.firewall_group_id')).toBe('');
  });

  test('a group counts its machines and rules', async ({ api }) => {
    const group = await makeGroup(api);
    await makeMachine(api, { firewall_group_id: group });
    await api.ask('POST', `/firewalls/${group}/rules`, HTTPS);
    const { json } = await api.ask('GET', `/firewalls/${group}`);
    expect(json).toMatchObject({ firewall_group: { instance_count: 1, rule_count: 1, description: 'web' } });
  });

  test.for([
    { ip_type: 'v5' },
    { protocol: 'sctp' },
    { port: '' },
    { port: '70000' },
    { port: '22,80' },
    { protocol: 'icmp' },
    { subnet: '0.0.0.0/0 accept; }' },
    { subnet: '::' },
    { subnet_size: 33 },
    { subnet_size: -1 },
  ])('a rule with %o is refused, since the packet filter would refuse it', async (wrong, { api }) => {
    const path = `/firewalls/${await makeGroup(api)}/rules`;
    const { json } = await api.ask('POST', path, { ...HTTPS, ...wrong });
    expect(json).toEqual({ error: expect.stringMatching(/^Invalid /), status: 400 });
    expect((await api.ask('GET', path)).at('firewall_rules')).toEqual([]);
  });

  test('ranges, protocols without ports and IPv6 are taken', async ({ api }) => {
    const path = `/firewalls/${await makeGroup(api)}/rules`;
    const good = [
      { port: '8000:9000' },
      { protocol: 'ICMP', port: undefined },
      { ip_type: 'v6', subnet: '2001:db8::', subnet_size: 64 },
    ];
    for (const one of good) expect((await api.ask('POST', path, { ...HTTPS, ...one })).status).toBe(201);
  });
});
