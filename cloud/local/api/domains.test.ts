import { describe, expect } from 'vitest';
import type { LocalApi } from '../../../test/cloud/local-api.ts';
import { apiTest as test } from '../../../test/cloud/scene.ts';

const RECORDS = '/domains/anny.test/records';
const A = { type: 'A', name: 'app', data: '192.0.2.1', ttl: 60 };

async function zoneWith(api: LocalApi, record: object): Promise<string> {
  await api.ask('POST', '/domains', { domain: 'anny.test' });
  return (await api.ask('POST', RECORDS, record)).text('record.id');
}

describe('domains', () => {
  test('a domain that is made with an address has name servers, A, CNAME * and MX', async ({ api }) => {
    await api.ask('POST', '/domains', { domain: 'Anny.test', ip: '192.0.2.9' });
    const { json } = await api.ask('GET', RECORDS);
    const one = (type: string, name: string, data: string) => expect.objectContaining({ type, name, data, ttl: 300 });
    expect(json).toMatchObject({
      records: [
        one('NS', '', 'ns1.vultr.com'),
        one('NS', '', 'ns2.vultr.com'),
        one('A', '', '192.0.2.9'),
        one('CNAME', '*', 'anny.test'),
        one('MX', '', 'anny.test'),
      ],
    });
  });

  test('without one it has name servers alone', async ({ api }) => {
    await api.ask('POST', '/domains', { domain: 'anny.test' });
    expect((await api.ask('GET', RECORDS)).at('meta.total')).toBe(2);
  });

  test('a domain is there once, and its name and address must be such', async ({ api }) => {
    await api.ask('POST', '/domains', { domain: 'anny.test' });
    for (const body of [{ domain: 'ANNY.test' }, { domain: 'no domain' }, { domain: 'b.test', ip: 'x' }, {}]) {
      expect([body, (await api.ask('POST', '/domains', body)).status]).toEqual([body, 400]);
    }
    expect((await api.ask('GET', '/domains')).at('meta.total')).toBe(1);
  });

  test('a domain takes its records with it', async ({ api }) => {
    await zoneWith(api, A);
    expect((await api.ask('DELETE', '/domains/anny.test')).status).toBe(204);
    expect((await api.ask('GET', RECORDS)).json).toEqual({ error: 'Invalid domain', status: 404 });
  });
});

describe('records', () => {
  test('the data of a record changes alone, and everything else stays', async ({ api }) => {
    const id = await zoneWith(api, A);
    expect((await api.ask('PATCH', `${RECORDS}/${id}`, { data: '192.0.2.2' })).status).toBe(204);
    const { json } = await api.ask('GET', `${RECORDS}/${id}`);
    expect(json).toEqual({ record: { ...A, id, data: '192.0.2.2', priority: -1 } });
  });

  test('data and ttl in one change are refused, and so is a change of nothing', async ({ api }) => {
    const id = await zoneWith(api, A);
    const both = await api.ask('PATCH', `${RECORDS}/${id}`, { data: '192.0.2.2', ttl: 30 });
    expect(both.json).toEqual({ error: 'ttl and data cannot be changed in one call', status: 400 });
    const none = await api.ask('PATCH', `${RECORDS}/${id}`, {});
    expect(none.json).toEqual({ error: 'Nothing to change', status: 400 });
    expect((await api.ask('GET', `${RECORDS}/${id}`)).at('record')).toMatchObject(A);
  });

  test('records of one name and type have one ttl, from the create on', async ({ api }) => {
    const id = await zoneWith(api, A);
    const wrong = { error: 'Records of the same name and type must have the same TTL', status: 400 };
    expect((await api.ask('POST', RECORDS, { ...A, data: '192.0.2.2', ttl: 30 })).json).toEqual(wrong);
    expect((await api.ask('POST', RECORDS, { ...A, data: '192.0.2.2' })).status).toBe(201);
    expect((await api.ask('PATCH', `${RECORDS}/${id}`, { ttl: 30 })).json).toEqual(wrong);
    const other = (await api.ask('POST', RECORDS, { ...A, name: 'other', ttl: 30 })).text('record.id');
    expect((await api.ask('PATCH', `${RECORDS}/${other}`, { name: 'app' })).json).toEqual(wrong);
    expect((await api.ask('PATCH', `${RECORDS}/${other}`, { ttl: 5 })).status).toBe(204);
  });

  test('an address record takes an address alone', async ({ api }) => {
    const id = await zoneWith(api, A);
    expect((await api.ask('PATCH', `${RECORDS}/${id}`, { data: 'app.example.com' })).status).toBe(400);
    expect((await api.ask('POST', RECORDS, { type: 'AAAA', name: 'app', data: '192.0.2.1' })).status).toBe(400);
    expect((await api.ask('POST', RECORDS, { type: 'AAAA', name: 'app', data: '2001:db8::1' })).status).toBe(201);
  });

  test('an alias leads to a name alone', async ({ api }) => {
    await zoneWith(api, A);
    for (const data of ['no name', 'y'.repeat(64), 'a..b']) {
      expect((await api.ask('POST', RECORDS, { type: 'CNAME', name: 'www', data })).status).toBe(400);
    }
    expect((await api.ask('POST', RECORDS, { type: 'CNAME', name: 'www', data: 'app.anny.test' })).status).toBe(201);
  });

  test('what is no record is refused', async ({ api }) => {
    await zoneWith(api, A);
    for (const wrong of [{ type: 'X' }, { ttl: 0 }, { ttl: '60' }, { data: '' }, { name: undefined }]) {
      expect([wrong, (await api.ask('POST', RECORDS, { ...A, ...wrong })).status]).toEqual([wrong, 400]);
    }
    expect((await api.ask('GET', RECORDS)).at('meta.total')).toBe(3);
  });

  test('a record that is removed is gone', async ({ api }) => {
    const id = await zoneWith(api, A);
    expect((await api.ask('DELETE', `${RECORDS}/${id}`)).status).toBe(204);
    expect((await api.ask('GET', `${RECORDS}/${id}`)).json).toEqual({ error: 'Invalid record', status: 404 });
    expect((await api.ask('PATCH', `${RECORDS}/${id}`, { data: '192.0.2.1' })).status).toBe(404);
  });
});
