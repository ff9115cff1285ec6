import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AnnyError } from '../../operation/errors.ts';
import { NEW_MACHINE, pageOf, scripted } from '../../test/cloud/account-scene.ts';
import { fastClock } from '../../test/cloud/clocks.ts';
import { API_KEY } from '../../test/cloud/local-api.ts';
import type { Reply } from '../../test/cloud/scripted-server.ts';
import type { InstanceId, RecordId } from '../cloud.ts';
import { openAccount } from './account.ts';

const ID = '4f0f12e5-1f84-404f-aa84-85f431ea5ec2' as InstanceId;
const DOWN: Reply = { status: 503, body: { error: 'Down', status: 503 } };
const GONE: Reply = { status: 404, body: { error: 'instance not found', status: 404 } };
const LOCKED: Reply = {
  status: 500,
  body: { error: 'Unable to halt server: Server is currently locked', status: 500 },
};
const EMPTY = pageOf('instances', []);

async function client(clock: ReturnType<typeof fastClock>, ...script: Reply[]) {
  const opened = await scripted(clock, ...script);
  onTestFinished(opened.server.close);
  return opened;
}

async function failureOf(promise: Promise<unknown>): Promise<AnnyError> {
  return promise.then(
    () => expect.unreachable('it succeeded'),
    (error: AnnyError) => error,
  );
}

describe('a call that fails', () => {
  test('is tried again after pauses that grow, with chance in them', async () => {
    for (const [chance, expected] of [
      ['00', [250, 500, 1_000]],
      ['ff', [500, 1_000, 2_000]],
    ] as const) {
      const clock = fastClock(chance);
      const { cloud, records } = await client(clock, DOWN, DOWN, DOWN, EMPTY);
      expect(await cloud.instances()).toEqual([]);
      expect(clock.slept.filter((ms) => ms > 50)).toEqual(expected);
      expect(records.map(({ status, attempt }) => [status, attempt])).toEqual([
        [503, 1],
        [503, 2],
        [503, 3],
        [200, 4],
      ]);
    }
  });

  test('waits as long as the API says, and a little chance more', async () => {
    const clock = fastClock('00');
    const limit = { status: 429, headers: { 'retry-after': '7' }, body: { error: 'Rate limit exceeded', status: 429 } };
    const { cloud } = await client(clock, limit, EMPTY);
    await cloud.instances();
    expect(clock.slept.filter((ms) => ms > 50)).toEqual([7_000]);
  });

  test('gives up after a few tries and says what the API said', async () => {
    const { cloud, server } = await client(fastClock(), DOWN);
    const error = await failureOf(cloud.instances());
    expect(error).toMatchObject({ code: 'API_REFUSED', doing: 'listing instances' });
    expect(error.found).toBe('Down (GET /instances?per_page=500, HTTP 503)');
    expect(error.next).toMatch(/problem of its own/);
    expect(server.calls).toHaveLength(6);
  });

  test('is not tried again when it was refused', async () => {
    const refused = { status: 400, body: { error: 'Invalid label', status: 400 } };
    const { cloud, server } = await client(fastClock(), refused);
    await failureOf(cloud.createInstance(NEW_MACHINE));
    expect(server.calls).toEqual(['POST /instances']);
  });

  test('says that nobody answers, and at which address', async () => {
    const { cloud, server } = await scripted(fastClock(), EMPTY);
    await server.close();
    const error = await failureOf(cloud.instances());
    expect(error.code).toBe('API_UNREACHABLE');
    expect(error.found).toBe(`${server.apiUrl} does not answer (ECONNREFUSED)`);
    expect(error.next).toBe('start the local cloud: anny-cloud up');
  });

  test('says it of a create too when no connection was made, since nothing can have happened', async () => {
    const { cloud, server } = await scripted(fastClock(), EMPTY);
    await server.close();
    expect((await failureOf(cloud.createInstance(NEW_MACHINE))).code).toBe('API_UNREACHABLE');
  });
});

describe('a machine that the platform works on', () => {
  test('is waited for longer than the tries of another failure', async () => {
    const clock = fastClock();
    const { cloud, server } = await client(clock, ...Array.from({ length: 20 }, () => LOCKED), { status: 204 });
    await cloud.halt(ID);
    expect(server.calls).toHaveLength(21);
  });

  test('does not use up the tries of another failure', async () => {
    const { cloud } = await client(fastClock(), ...Array.from({ length: 9 }, () => LOCKED), DOWN, { status: 204 });
    await cloud.halt(ID);
  });

  test('is not waited for without end', async () => {
    const { cloud } = await client(fastClock(), LOCKED);
    const error = await failureOf(cloud.destroyInstance(ID));
    expect(error.found).toContain('Server is currently locked');
  });
});

describe('what is gone', () => {
  test('is undefined to a reader', async () => {
    const { cloud } = await client(fastClock(), GONE);
    expect(await cloud.instance(ID)).toBeUndefined();
  });

  test('counts as destroyed when the list does not know it either', async () => {
    const { cloud, server } = await client(fastClock(), GONE, EMPTY);
    await cloud.destroyInstance(ID);
    expect(server.calls).toEqual([`DELETE /instances/${ID}`, 'GET /instances?per_page=500']);
  });

  test('is an error to a change', async () => {
    const { cloud } = await client(fastClock(), GONE);
    expect((await failureOf(cloud.halt(ID))).found).toMatch(/^instance not found/);
  });
});

describe('an answer that is not as described', () => {
  test.for([
    [{ status: 200, body: '<html>maintenance</html>' }, 'GET /instances'],
    [{ status: 200, body: '' }, 'GET /instances'],
    [{ status: 200, body: { instances: [] } }, 'meta'],
    [pageOf('instances', [{ id: 7 }]), 'instances'],
    [pageOf('machines', []), 'instances'],
  ] as const)('%o names the call and what is wrong', async ([reply, named]) => {
    const { cloud, server } = await client(fastClock(), reply);
    const error = await failureOf(cloud.instances());
    expect(error).toMatchObject({ code: 'API_UNEXPECTED', doing: 'listing instances' });
    expect(error.found).toContain('GET /instances');
    expect(error.found).toContain(named);
    expect(server.calls).toHaveLength(1);
  });

  test('a record that points there already is no failure', async () => {
    const nothing = { status: 400, body: { error: 'Nothing to change', status: 400 } };
    const { cloud } = await client(fastClock(), DOWN, nothing);
    await cloud.pointRecord('anny.test', ID as string as RecordId, '192.0.2.1');
  });
});

describe('the key', () => {
  const key: Reply = { status: 400, body: { error: `Bad header: Bearer ${API_KEY}`, status: 400 } };
  const scripts = { key, DOWN, LOCKED, GONE, page: { status: 200, body: `"${API_KEY}"` } };

  test.for(Object.entries(scripts))('is in no error, trace or thrown object: %s', async ([, reply]) => {
    const { cloud, records } = await client(fastClock(), reply);
    const errors = [await failureOf(cloud.instances()), await failureOf(cloud.createInstance(NEW_MACHINE))];
    expect(inspect([errors, records], { depth: 20, showHidden: true })).not.toContain(API_KEY);
    expect(JSON.stringify([errors, records])).not.toContain(API_KEY);
  });

  test('is in none either when the connection fails or the key itself cannot be sent', async () => {
    const { cloud, server } = await scripted(fastClock(), EMPTY);
    await server.close();
    const broken = openAccount({ apiUrl: server.apiUrl, apiKey: `${API_KEY}\n`, clock: fastClock() });
    const errors = [await failureOf(cloud.instances()), await failureOf(broken.instances())];
    errors.push(await failureOf(cloud.createInstance(NEW_MACHINE)));
    expect(inspect(errors, { depth: 20, showHidden: true })).not.toContain(API_KEY);
  });
});

describe('the rate limit', () => {
  test('is shared by all calls in flight', async () => {
    const clock = fastClock();
    const { cloud, server } = await client(clock, EMPTY);
    const begun = clock.now();
    await Promise.all(Array.from({ length: 41 }, () => cloud.instances()));
    expect(server.calls).toHaveLength(41);
    expect(clock.now() - begun).toBe(2_000);
  });
});
