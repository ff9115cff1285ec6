import { describe, expect, onTestFinished } from 'vitest';
import { NEW_MACHINE, pageOf, scripted, accountTest as test } from '../../test/cloud/account-scene.ts';
import { fastClock, handClock } from '../../test/cloud/clocks.ts';
import { API_KEY, type LocalApi, openLocalApi } from '../../test/cloud/local-api.ts';
import { until } from '../../test/cloud/until.ts';
import type { Cloud } from '../cloud.ts';
import { openAccount } from './account.ts';

const CREATE = 'POST /instances';

/** Exactly one machine, here and there, and it is the one that was returned. */
async function expectOne(api: LocalApi, cloud: Cloud, made: { readonly id: string }): Promise<void> {
  expect((await cloud.instances()).map(({ id }) => id)).toEqual([made.id]);
  await until(() => api.hypervisor.machines.size > 0);
  expect([...api.hypervisor.machines.keys()]).toEqual([made.id]);
}

describe('a create whose outcome is unknown', () => {
  test('a connection that broke after the effect: the machine is looked up, and not made again', async ({
    api,
    cloud,
    calls,
  }) => {
    await api.plan({ kind: 'cut-after', operation: CREATE });
    await expectOne(api, cloud, await cloud.createInstance(NEW_MACHINE));
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('a gateway that answers 504 after the effect: the same', async ({ api, cloud, calls }) => {
    await api.plan({ kind: 'error-after', operation: CREATE, status: 504 });
    await expectOne(api, cloud, await cloud.createInstance(NEW_MACHINE));
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('a connection that broke before the effect: the machine is made, once', async ({ api, cloud, calls }) => {
    await api.plan({ kind: 'cut', operation: CREATE });
    await expectOne(api, cloud, await cloud.createInstance(NEW_MACHINE));
    expect(calls.filter(({ method }) => method === 'POST').map(({ status }) => status)).toEqual([0, 202]);
  });

  test('a 500 without effect, twice: the machine is made, once', async ({ api, cloud }) => {
    await api.plan({ kind: 'error', operation: CREATE, status: 500, text: 'Internal error' }, 2);
    await expectOne(api, cloud, await cloud.createInstance(NEW_MACHINE));
  });

  test('an answer that came too late: the effect, later still, is found', async () => {
    const apiClock = handClock();
    let lists = 0;
    const api = await openLocalApi({
      clock: apiClock,
      prepare: (server) =>
        server.addHook('onRequest', async ({ method }) => {
          if (method === 'GET') lists += 1;
          // The create that the client gave up waiting for goes on between the first look and the third.
          if (lists === 2) apiClock.pass(60_000);
        }),
    });
    await api.plan({ kind: 'latency', operation: CREATE, ms: 60_000 });
    const options = { apiUrl: api.apiUrl, apiKey: API_KEY, clock: fastClock(), timeoutMs: 300 };
    const cloud = openAccount(options);
    const made = await cloud.createInstance(NEW_MACHINE);
    expect((await cloud.instances()).map(({ id }) => id)).toEqual([made.id]);
    await until(() => {
      apiClock.pass(1_000);
      return api.hypervisor.machines.size === 1;
    });
    await api.close();
  });

  test('it never finds the machine of another operation, or another one of the same', async ({ api, cloud }) => {
    await cloud.createInstance({ ...NEW_MACHINE, tags: ['anny', 'op=9999'], uniqueTag: 'op=9999' });
    await cloud.createInstance({ ...NEW_MACHINE, label: 'anny-test-green' });
    await api.plan({ kind: 'cut', operation: CREATE });
    const made = await cloud.createInstance(NEW_MACHINE);
    expect(made).toMatchObject({ label: 'anny-test-blue', tags: ['anny', 'op=1234'] });
    expect(await cloud.instances()).toHaveLength(3);
  });

  test('an API that never gets it done: the error says that it is unknown', async ({ api, cloud, calls }) => {
    await api.plan({ kind: 'error', operation: CREATE, status: 500, text: 'Internal error' }, 100);
    await expect(cloud.createInstance(NEW_MACHINE)).rejects.toMatchObject({
      code: 'API_OUTCOME_UNKNOWN',
      found: expect.stringContaining('HTTP 500'),
    });
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(3);
  });

  test('a look that fails too: the error still says that it is unknown', async ({ api, cloud }) => {
    await api.plan({ kind: 'cut-after', operation: CREATE });
    await api.plan({ kind: 'error', operation: 'GET /instances', status: 503, text: 'Down' }, 100);
    await expect(cloud.createInstance(NEW_MACHINE)).rejects.toMatchObject({
      code: 'API_OUTCOME_UNKNOWN',
      doing: 'creating machine anny-test-blue',
      found: expect.stringContaining('Down'),
    });
  });

  test('an answer that cannot be read is looked up, and never asked for again', async () => {
    const unreadable = { status: 202, body: '<html>' };
    const { cloud, server } = await scripted(fastClock(), unreadable, pageOf('instances', []));
    onTestFinished(server.close);
    await expect(cloud.createInstance(NEW_MACHINE)).rejects.toMatchObject({ code: 'API_UNEXPECTED' });
    expect(server.calls.filter((call) => call.startsWith('POST'))).toEqual(['POST /instances']);
    expect(server.calls.length).toBeGreaterThan(1);
  });
});

describe('other creates', () => {
  test('a snapshot, a record and a key are made once, whatever breaks', async ({ api, cloud }) => {
    await api.ask('POST', '/domains', { domain: 'anny.test' });
    const machine = await cloud.createInstance(NEW_MACHINE);
    await until(async () => (await cloud.instance(machine.id))?.status === 'active');
    for (const kind of ['cut', 'cut-after'] as const) {
      for (const operation of ['POST /snapshots', 'POST /domains/:domain/records', 'POST /ssh-keys']) {
        await api.plan({ kind, operation });
      }
      const description = `anny image=app op=${kind}`;
      const snapshot = await cloud.createSnapshot(machine.id, description);
      const record = await cloud.createRecord('anny.test', {
        type: 'A',
        name: kind,
        data: '192.0.2.1',
        ttlSeconds: 60,
      });
      const key = await cloud.createSshKey(kind, `ssh-ed25519 ${kind.length}AAA`);
      const same = <T extends { readonly id: string }>(all: readonly T[], id: string) =>
        all.filter((one) => one.id === id);
      expect(same(await cloud.snapshots(), snapshot)).toMatchObject([{ description }]);
      expect(same(await cloud.records('anny.test'), record)).toMatchObject([{ name: kind }]);
      expect(same(await cloud.sshKeys(), key)).toMatchObject([{ name: kind }]);
    }
    expect([await cloud.snapshots(), await cloud.sshKeys()].map(({ length }) => length)).toEqual([2, 2]);
    expect(await cloud.records('anny.test')).toHaveLength(4);
  });

  test('a key of the same name and another text is not taken for it', async ({ api, cloud }) => {
    const old = await cloud.createSshKey('ops', 'ssh-ed25519 OLD');
    await api.plan({ kind: 'cut-after', operation: 'POST /ssh-keys' });
    expect(await cloud.createSshKey('ops', 'ssh-ed25519 NEW')).not.toBe(old);
  });
});

describe('destroying', () => {
  test('a fresh machine that still answers 404 is destroyed all the same', async ({ api, cloud, clock }) => {
    await api.plan({ kind: 'not-found-after-create', ms: 20_000 });
    const { id } = await cloud.createInstance(NEW_MACHINE);
    await until(() => api.hypervisor.machines.size === 1);
    expect(await cloud.instance(id)).toBeUndefined();
    await cloud.destroyInstance(id);
    expect(await cloud.instances()).toEqual([]);
    expect(api.hypervisor.machines.size).toBe(0);
    expect(clock.slept).toContain(600);
  });

  test('whatever breaks, it is done when it is done, and may be asked for again', async ({ api, cloud }) => {
    const { id } = await cloud.createInstance(NEW_MACHINE);
    await until(() => api.hypervisor.machines.size === 1);
    await api.plan({ kind: 'cut-after', operation: 'DELETE /instances/:id' });
    await cloud.destroyInstance(id);
    await cloud.destroyInstance(id);
    expect(await cloud.instances()).toEqual([]);
  });
});
