import { describe, expect } from 'vitest';
import { MACHINE, makeMachine, makeSnapshot, apiTest as test } from '../../../test/cloud/scene.ts';
import { until } from '../../../test/cloud/until.ts';

const GIB = 1024 ** 3;

describe('snapshots', () => {
  test('a snapshot is pending with size 0 while it is taken, and complete with the size of the disk', async ({
    api,
  }) => {
    const machine = await makeMachine(api);
    api.hypervisor.gate.close();
    const created = await api.ask('POST', '/snapshots', { instance_id: machine, description: 'one' });
    expect(created.status).toBe(201);
    expect(created.at('snapshot')).toMatchObject({ status: 'pending', size: 0, description: 'one', os_id: 2284 });
    const path = `/snapshots/${created.text('snapshot.id')}`;
    expect((await api.ask('GET', path)).at('snapshot')).toMatchObject({ status: 'pending', size: 0 });

    api.hypervisor.gate.open();
    await until(async () => (await api.ask('GET', path)).at('snapshot.status') === 'complete');
    expect((await api.ask('GET', path)).at('snapshot')).toMatchObject({ size: 25 * GIB, compressed_size: GIB });
  });

  test('the machine is locked while it is copied, and free afterwards', async ({ api }) => {
    const machine = await makeMachine(api);
    api.hypervisor.gate.close();
    await api.ask('POST', '/snapshots', { instance_id: machine });
    for (const [method, path] of [
      ['DELETE', `/instances/${machine}`],
      ['POST', `/instances/${machine}/start`],
    ] as const) {
      const { json } = await api.ask(method, path);
      expect(json).toEqual({ error: expect.stringContaining('Server is currently locked'), status: 500 });
    }
    api.hypervisor.gate.open();
    await until(async () => (await api.ask('POST', `/instances/${machine}/halt`)).status === 204);
  });

  test('a machine made from a snapshot is made of its disk', async ({ api }) => {
    const snapshot = await makeSnapshot(api, await makeMachine(api));
    const { os_id, ...without } = MACHINE;
    const id = (await api.ask('POST', '/instances', { ...without, snapshot_id: snapshot })).text('instance.id');
    await until(async () => (await api.ask('GET', `/instances/${id}`)).at('instance.status') === 'active');
    expect(api.hypervisor.machines.get(id)?.spec.from).toEqual({ snapshotId: snapshot });
  });

  test('a snapshot is found by its description and described anew', async ({ api }) => {
    const machine = await makeMachine(api);
    const [one] = [await makeSnapshot(api, machine, 'one'), await makeSnapshot(api, machine, 'two')];
    expect((await api.ask('GET', '/snapshots?description=one')).at('meta.total')).toBe(1);
    expect((await api.ask('PUT', `/snapshots/${one}`, { description: 'tested' })).status).toBe(204);
    expect((await api.ask('GET', '/snapshots?description=tested')).at('snapshots.0.id')).toBe(one);
    expect((await api.ask('PUT', `/snapshots/${one}`, {})).status).toBe(400);
  });

  test('a snapshot outlives its machine, and is removed from the hypervisor with itself', async ({ api }) => {
    const machine = await makeMachine(api);
    const snapshot = await makeSnapshot(api, machine);
    await api.ask('DELETE', `/instances/${machine}`);
    expect((await api.ask('GET', `/snapshots/${snapshot}`)).at('snapshot.status')).toBe('complete');
    expect((await api.ask('DELETE', `/snapshots/${snapshot}`)).status).toBe(204);
    expect(api.hypervisor.snapshots.size).toBe(0);
  });

  test('a snapshot that is removed while it is taken leaves nothing behind', async ({ api }) => {
    const machine = await makeMachine(api);
    api.hypervisor.gate.close();
    const id = (await api.ask('POST', '/snapshots', { instance_id: machine })).text('snapshot.id');
    expect((await api.ask('DELETE', `/snapshots/${id}`)).status).toBe(204);
    api.hypervisor.gate.open();
    await until(async () => (await api.ask('POST', `/instances/${machine}/start`)).status === 204);
    expect(api.hypervisor.snapshots.size).toBe(0);
  });

  test('of an unknown machine, and from an address, there are none', async ({ api }) => {
    expect((await api.ask('POST', '/snapshots', { instance_id: 'x' })).text('error')).toBe('instance not found');
    expect((await api.ask('POST', '/snapshots', {})).status).toBe(400);
    const url = { url: 'https://example.com/disk.raw' };
    expect((await api.ask('POST', '/snapshots/create-from-url', url)).status).toBe(400);
    expect((await api.ask('GET', '/snapshots')).at('snapshots')).toEqual([]);
  });
});
