import { describe, expect } from 'vitest';
import type { LocalApi } from '../../../test/cloud/local-api.ts';
import { MACHINE, makeMachine, apiTest as test } from '../../../test/cloud/scene.ts';
import { until } from '../../../test/cloud/until.ts';
import type { Fault } from './faults.ts';

const ADD_KEY = 'POST /ssh-keys';
const addKey = ({ ask }: LocalApi) => ask('POST', '/ssh-keys', { name: 'x', ssh_key: 'ssh-ed25519 AAAA' });
const keys = async ({ ask }: LocalApi) => (await ask('GET', '/ssh-keys')).at('meta.total');

describe('faults of a call', () => {
  test('latency: the answer comes when the time has passed', async ({ api, clock }) => {
    await api.plan({ kind: 'latency', operation: ADD_KEY, ms: 60_000 });
    let answered = false;
    const answer = addKey(api).finally(() => {
      answered = true;
    });
    expect(await keys(api)).toBe(0);
    expect(answered).toBe(false);
    await until(() => {
      clock.pass(10_000);
      return answered;
    });
    expect((await answer).status).toBe(201);
  });

  test('error: the answer is an error, and nothing happened', async ({ api }) => {
    await api.plan({ kind: 'error', operation: ADD_KEY, status: 503, text: 'Down for maintenance' });
    expect((await addKey(api)).json).toEqual({ error: 'Down for maintenance', status: 503 });
    expect(await keys(api)).toBe(0);
    expect((await addKey(api)).status).toBe(201);
  });

  test('error-after: the answer is an error, and it happened', async ({ api }) => {
    await api.plan({ kind: 'error-after', operation: ADD_KEY, status: 504 });
    expect((await addKey(api)).json).toEqual({ error: 'Internal server error', status: 504 });
    expect(await keys(api)).toBe(1);
  });

  test('error-after hits an answer without a body too', async ({ api }) => {
    const id = await makeMachine(api);
    await api.plan({ kind: 'error-after', operation: 'DELETE /instances/:id', status: 500 });
    expect((await api.ask('DELETE', `/instances/${id}`)).json).toEqual({ error: 'Internal server error', status: 500 });
    expect(api.hypervisor.machines.size).toBe(0);
  });

  test('cut: the connection breaks, and nothing happened', async ({ api }) => {
    await api.plan({ kind: 'cut', operation: ADD_KEY });
    await expect(addKey(api)).rejects.toThrow();
    expect(await keys(api)).toBe(0);
  });

  test('cut-after: the connection breaks, and it happened', async ({ api }) => {
    await api.plan({ kind: 'cut-after', operation: ADD_KEY });
    await expect(addKey(api)).rejects.toThrow();
    expect(await keys(api)).toBe(1);
  });

  test('rate-limit: the answer is 429 and says how long to wait', async ({ api }) => {
    await api.plan({ kind: 'rate-limit', operation: '*', retryAfterSeconds: 7 });
    const { status, headers } = await addKey(api);
    expect([status, headers['retry-after']]).toEqual([429, '7']);
    expect(await keys(api)).toBe(0);
  });

  test('a fault hits its operation alone, as often as it was planned', async ({ api }) => {
    await api.plan({ kind: 'error', operation: 'GET /account', status: 500, text: 'x' }, 2);
    expect((await addKey(api)).status).toBe(201);
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await api.ask('GET', '/account')).status);
    expect(statuses).toEqual([500, 500, 200]);
  });
});

describe('faults of machines', () => {
  test('not-found-after-create: a fresh machine answers 404 for a while, and is in the list', async ({
    api,
    clock,
  }) => {
    await api.plan({ kind: 'not-found-after-create', ms: 5_000 });
    const id = (await api.ask('POST', '/instances', MACHINE)).text('instance.id');
    expect((await api.ask('GET', `/instances/${id}`)).status).toBe(404);
    expect((await api.ask('DELETE', `/instances/${id}`)).status).toBe(404);
    expect((await api.ask('GET', '/instances')).at('instances.0.id')).toBe(id);
    clock.pass(5_000);
    expect((await api.ask('GET', `/instances/${id}`)).status).toBe(200);
  });

  test('stuck-snapshot: it stays pending, its machine is free, and it can be removed', async ({ api }) => {
    const machine = await makeMachine(api);
    await api.plan({ kind: 'stuck-snapshot' });
    const id = (await api.ask('POST', '/snapshots', { instance_id: machine })).text('snapshot.id');
    await until(async () => (await api.ask('POST', `/instances/${machine}/halt`)).status === 204);
    expect((await api.ask('GET', `/snapshots/${id}`)).at('snapshot')).toMatchObject({ status: 'pending', size: 0 });
    expect((await api.ask('DELETE', `/snapshots/${id}`)).status).toBe(204);
  });

  test('never-boots: the machine runs, has an address, and never comes up', async ({ api, clock }) => {
    await api.plan({ kind: 'never-boots' });
    const id = await makeMachine(api);
    clock.pass(3_600_000);
    expect((await api.ask('GET', `/instances/${id}`)).at('instance')).toMatchObject({
      status: 'active',
      power_status: 'running',
      server_status: 'installingbooting',
      main_ip: '10.77.0.10',
    });
    expect(api.hypervisor.machines.get(id)?.spec.boots).toBe(false);
    expect((await api.ask('DELETE', `/instances/${id}`)).status).toBe(204);
  });
});

describe('the admin API', () => {
  const latency: Fault = { kind: 'latency', operation: ADD_KEY, ms: 10 };

  test('it lists what is still to come, and forgets it all', async ({ api }) => {
    await api.plan(latency, 3);
    await api.plan({ kind: 'never-boots' });
    expect((await api.admin('GET', '/faults')).json).toEqual({
      faults: [
        { fault: latency, times: 3 },
        { fault: { kind: 'never-boots' }, times: 1 },
      ],
    });
    expect((await api.admin('DELETE', '/faults')).status).toBe(204);
    expect((await api.admin('GET', '/faults')).json).toEqual({ faults: [] });
  });

  test('it lists the operations that a fault can hit', async ({ api }) => {
    const { json } = await api.admin('GET', '/operations');
    expect(json).toEqual({ operations: expect.arrayContaining([ADD_KEY, 'PATCH /domains/:domain/records/:id']) });
  });

  test.for([
    [{}, 'Invalid fault'],
    [{ fault: { kind: 'earthquake' } }, 'Invalid fault.kind'],
    [{ fault: { ...latency, ms: 0 } }, 'Invalid fault.ms'],
    [{ fault: latency, times: 0 }, 'Invalid times'],
    [{ fault: { kind: 'error', operation: '*', status: 200, text: 'x' } }, 'Invalid fault.status'],
    [{ fault: { kind: 'cut' } }, 'Invalid fault.operation'],
    [{ fault: { kind: 'cut', operation: 'POST /instance' } }, 'no "POST /instance"; GET /operations lists them'],
  ] as const)('it refuses %o, and says what is wrong', async ([body, error], { api }) => {
    const answer = await api.admin('PUT', '/faults', body);
    expect(answer.status).toBe(400);
    expect(answer.text('error')).toContain(error);
    expect((await api.admin('GET', '/faults')).json).toEqual({ faults: [] });
  });
});
