import { describe, expect } from 'vitest';
import { MACHINE, makeMachine, makeSnapshot, apiTest as test } from '../../../test/cloud/scene.ts';
import { until } from '../../../test/cloud/until.ts';

describe('instances', () => {
  test('a machine goes from pending without an address to active, booting, and at last ok', async ({ api, clock }) => {
    const created = await api.ask('POST', '/instances', MACHINE);
    expect(created.status).toBe(202);
    expect(created.at('instance')).toMatchObject({
      status: 'pending',
      power_status: 'running',
      server_status: 'none',
      main_ip: '0.0.0.0',
      disk: 0,
      default_password: expect.any(String),
    });
    const path = `/instances/${created.text('instance.id')}`;
    expect((await api.ask('GET', path)).at('instance')).toMatchObject({ status: 'pending', server_status: 'locked' });

    await until(async () => (await api.ask('GET', path)).at('instance.status') === 'active');
    expect((await api.ask('GET', path)).at('instance')).toMatchObject({
      power_status: 'running',
      server_status: 'installingbooting',
      main_ip: '10.77.0.10',
      disk: 25,
    });

    clock.pass(1_500);
    expect((await api.ask('GET', path)).at('instance.server_status')).toBe('ok');
  });

  test('a machine that is being made is locked for everything but a look and a change of its tags', async ({ api }) => {
    const id = (await api.ask('POST', '/instances', MACHINE)).text('instance.id');
    const refused = [await api.ask('DELETE', `/instances/${id}`), await api.ask('POST', `/instances/${id}/halt`)];
    refused.push(await api.ask('POST', '/instances/reboot', { instance_ids: [id] }));
    refused.push(await api.ask('POST', '/snapshots', { instance_id: id }));
    for (const { status, json } of refused) {
      expect(status).toBe(500);
      expect(json).toEqual({ error: expect.stringMatching(/^Unable to .*: Server is currently locked$/), status: 500 });
    }
    expect((await api.ask('PATCH', `/instances/${id}`, { tags: ['later'] })).at('instance.tags')).toEqual(['later']);
  });

  test('the machine gets the keys, the user data and the size that were asked for', async ({ api }) => {
    const ssh_key = 'ssh-ed25519 AAAAC3 ops';
    const key = (await api.ask('POST', '/ssh-keys', { name: 'ops', ssh_key })).text('ssh_key.id');
    const user_data = Buffer.from('#cloud-config\n{}\n').toString('base64');
    const id = await makeMachine(api, { sshkey_id: [key], user_data, plan: 'vc2-2c-4gb' });
    expect(api.hypervisor.machines.get(id)?.spec).toMatchObject({
      sshPublicKeys: [ssh_key],
      userData: '#cloud-config\n{}\n',
      from: { osId: 2284 },
      vcpus: 2,
      ramMb: 4096,
      diskGb: 80,
    });
    expect((await api.ask('GET', `/instances/${id}/user-data`)).json).toEqual({ user_data: { data: user_data } });
  });

  test('halt, start and reboot reach the machine and show in its power status', async ({ api }) => {
    const id = await makeMachine(api);
    const power = async () => (await api.ask('GET', `/instances/${id}`)).at('instance.power_status');
    expect((await api.ask('POST', `/instances/${id}/halt`)).status).toBe(204);
    expect(await power()).toBe('stopped');
    expect((await api.ask('POST', `/instances/${id}/start`)).status).toBe(204);
    expect(await power()).toBe('running');
    expect((await api.ask('POST', `/instances/${id}/reboot`)).status).toBe(204);
    expect(api.hypervisor.machines.get(id)?.boots).toBe(3);
  });

  test('many are halted at once, and none when one of them is unknown', async ({ api }) => {
    const ids = [await makeMachine(api), await makeMachine(api)];
    const running = () => ids.map((id) => api.hypervisor.machines.get(id)?.running);
    expect((await api.ask('POST', '/instances/halt', { instance_ids: [...ids, 'unknown'] })).status).toBe(404);
    expect(running()).toEqual([true, true]);
    expect((await api.ask('POST', '/instances/halt', { instance_ids: ids })).status).toBe(204);
    expect(running()).toEqual([false, false]);
  });

  test('a machine that lost its power by itself is seen stopped', async ({ api }) => {
    const id = await makeMachine(api);
    await api.hypervisor.halt(id);
    expect((await api.ask('GET', '/instances')).at('instances.0.power_status')).toBe('stopped');
  });

  test('a list is filtered by label, tag, host name, address, region and firewall group', async ({ api }) => {
    const group = (await api.ask('POST', '/firewalls', {})).text('firewall_group.id');
    const wishes = { label: 'b', tags: ['x', 'y'], hostname: 'b', region: 'fra', firewall_group_id: group };
    const [a, b] = [await makeMachine(api, { label: 'a', tags: ['x'] }), await makeMachine(api, wishes)];
    const found = async (query: string) => {
      const { json, at } = await api.ask('GET', `/instances?${query}`);
      expect(json).toHaveProperty('meta.total');
      return [at('instances.0.id'), at('instances.1.id')].filter((id) => id !== undefined);
    };
    expect(await found('tag=x')).toEqual([a, b]);
    expect(await found('tag=y')).toEqual([b]);
    expect(await found('label=a')).toEqual([a]);
    expect(await found('hostname=b')).toEqual([b]);
    expect(await found('main_ip=10.77.0.10')).toEqual([a]);
    expect(await found('region=fra')).toEqual([b]);
    expect(await found(`firewall_group_id=${group}`)).toEqual([b]);
    expect(await found('tag=x&label=c')).toEqual([]);
  });

  test('a destroyed machine is gone from the account and from the hypervisor', async ({ api }) => {
    const id = await makeMachine(api);
    expect((await api.ask('DELETE', `/instances/${id}`)).status).toBe(204);
    expect(api.hypervisor.machines.size).toBe(0);
    expect((await api.ask('GET', `/instances/${id}`)).json).toEqual({ error: 'instance not found', status: 404 });
  });

  test('a change of nothing is refused', async ({ api }) => {
    const id = await makeMachine(api);
    expect((await api.ask('PATCH', `/instances/${id}`, {})).json).toEqual({ error: 'Nothing to change', status: 400 });
  });

  test.for([
    [{ plan: 'vc2-none' }, 'Invalid plan chosen.'],
    [{ region: 'atlantis' }, 'Invalid region chosen.'],
    [{ os_id: 1 }, 'Invalid OS chosen.'],
    [{ os_id: undefined }, 'Exactly one of os_id'],
    [{ snapshot_id: 'x' }, 'Exactly one of os_id'],
    [{ sshkey_id: ['x'] }, 'Invalid SSH key: x'],
    [{ user_data: 'not base64!' }, 'Invalid user_data: it must be base64'],
    [{ firewall_group_id: 'x' }, 'Invalid firewall group'],
    [{ reserved_ipv4: 'x' }, 'Invalid reserved_ipv4'],
    [{ tags: 'one' }, 'Invalid tags'],
  ] as const)('a create with %o answers 400 and makes nothing', async ([wrong, error], { api }) => {
    const answer = await api.ask('POST', '/instances', { ...MACHINE, ...wrong });
    expect(answer.json).toEqual({ error: expect.stringContaining(error), status: 400 });
    expect((await api.ask('GET', '/instances')).at('instances')).toEqual([]);
  });

  test('a snapshot must be there, complete, and fit on the disk of the plan', async ({ api }) => {
    const big = await makeMachine(api, { plan: 'vc2-1c-2gb' });
    const { os_id, ...without } = MACHINE;
    const create = (snapshot_id: string, plan: string) =>
      api.ask('POST', '/instances', { ...without, snapshot_id, plan });
    expect((await create('unknown', 'vc2-1c-1gb')).status).toBe(404);

    api.hypervisor.gate.close();
    const pending = (await api.ask('POST', '/snapshots', { instance_id: big })).text('snapshot.id');
    expect((await create(pending, 'vc2-1c-2gb')).text('error')).toBe('Snapshot is not ready yet');
    api.hypervisor.gate.open();

    const complete = await makeSnapshot(api, big);
    expect((await create(complete, 'vc2-1c-1gb')).text('error')).toMatch(/disk of the plan is smaller/);
    const made = await create(complete, 'vc2-2c-4gb');
    expect(made.at('instance')).toMatchObject({ os: 'Snapshot', os_id: 164, snapshot_id: complete });
  });
});
