import { request } from 'undici';
import { describe, expect, onTestFinished, test as plainTest } from 'vitest';
import { asker } from '../../../test/cloud/ask.ts';
import { handClock } from '../../../test/cloud/clocks.ts';
import { API_KEY, openLocalApi } from '../../../test/cloud/local-api.ts';
import { apiTest as test } from '../../../test/cloud/scene.ts';
import { page } from './pages.ts';

const INVALID_TOKEN = { error: 'Invalid API token.', status: 401 };

describe('the key', () => {
  test('without the right key every route of the account answers 401', async ({ api }) => {
    for (const key of [undefined, 'another', `${API_KEY}x`]) {
      const ask = asker(api.apiUrl, key);
      for (const path of ['/account', '/instances', '/snapshots/x', '/domains', '/unknown']) {
        const { status, json } = await ask('GET', path);
        expect([path, status, json]).toEqual([path, 401, INVALID_TOKEN]);
      }
      expect((await ask('POST', '/ssh-keys', { name: 'x', ssh_key: 'ssh-ed25519 AAAA' })).status).toBe(401);
    }
    expect((await api.ask('GET', '/ssh-keys')).at('ssh_keys')).toEqual([]);
  });

  test('the key counts as a bearer token only', async ({ api }) => {
    const { statusCode } = await request(`${api.apiUrl}/account`, { headers: { authorization: API_KEY } });
    expect(statusCode).toBe(401);
  });

  test('regions, plans and systems need no key', async ({ api }) => {
    const ask = asker(api.apiUrl, undefined);
    for (const path of ['/regions', '/regions/ewr/availability', '/plans?per_page=1', '/os']) {
      expect([path, (await ask('GET', path)).status]).toEqual([path, 200]);
    }
  });
});

describe('answers to mistakes', () => {
  test('what is not there answers 404 with the words and the number', async ({ api }) => {
    const paths = ['/instances/x', '/snapshots/x', '/ssh-keys/x', '/firewalls/x', '/reserved-ips/x', '/domains/x.test'];
    for (const path of [...paths, '/domains/x.test/records', '/regions/x/availability', '/nothing']) {
      const { status, json } = await api.ask('GET', path);
      expect([path, status, json]).toEqual([path, 404, { error: expect.any(String), status: 404 }]);
    }
    for (const path of paths) expect([path, (await api.ask('DELETE', path)).status]).toEqual([path, 404]);
  });

  test('a body that is no JSON, of another type or too long answers in the same shape', async ({ api }) => {
    const post = async (type: string, body: string) => {
      const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': type };
      const answer = await request(`${api.apiUrl}/ssh-keys`, { method: 'POST', headers, body });
      return { status: answer.statusCode, json: await answer.body.json() };
    };
    const shape = (status: number) => ({ status, json: { error: expect.any(String), status } });
    expect(await post('application/json', '{"name":')).toEqual(shape(400));
    expect(await post('text/plain', 'name=x')).toEqual(shape(400));
    expect(await post('application/json', '[]')).toEqual(shape(400));
    expect(await post('application/json', '"x"')).toEqual(shape(400));
    expect(await post('application/json', `"${'x'.repeat(2 * 1024 * 1024)}"`)).toEqual(shape(413));
  });

  test('calls without a body may say that they are JSON', async ({ api }) => {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
    const { statusCode } = await request(`${api.apiUrl}/instances/x/halt`, { method: 'POST', headers });
    expect(statusCode).toBe(404);
  });
});

describe('the rate limit', () => {
  plainTest('the 31st call of a second answers 429 and how long to wait, and the next second is free', async () => {
    const clock = handClock();
    const api = await openLocalApi({ clock });
    onTestFinished(api.close);
    for (let count = 0; count < 30; count += 1) expect((await api.ask('GET', '/account')).status).toBe(200);
    const { status, headers, json } = await api.ask('GET', '/account');
    expect([status, headers['retry-after'], json]).toEqual([429, '1', { error: 'Rate limit exceeded', status: 429 }]);
    clock.pass(1_000);
    expect((await api.ask('GET', '/account')).status).toBe(200);
  });
});

describe('lists', () => {
  test('a list comes in pages that the cursors lead through, forward and back', async ({ api }) => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await api.ask('POST', '/ssh-keys', { name, ssh_key: 'ssh-ed25519 AAAA' });
    }
    const pageAt = async (cursor: string) => {
      const answer = await api.ask('GET', `/ssh-keys?per_page=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      const names = [answer.at('ssh_keys.0.name'), answer.at('ssh_keys.1.name')].filter((one) => one !== undefined);
      expect(answer.at('meta.total')).toBe(5);
      return { names, next: answer.text('meta.links.next'), prev: answer.text('meta.links.prev') };
    };
    const first = await pageAt('');
    const second = await pageAt(first.next);
    const third = await pageAt(second.next);
    expect([first.names, second.names, third.names]).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect([first.prev, third.next]).toEqual(['', '']);
    expect((await pageAt(third.prev)).names).toEqual(['c', 'd']);
  });

  test('a page that is no page is refused', async ({ api }) => {
    for (const wrong of ['per_page=0', 'per_page=501', 'per_page=x', 'cursor=x', 'per_page=1&per_page=2']) {
      const { json } = await api.ask('GET', `/ssh-keys?${wrong}`);
      expect([wrong, json]).toEqual([
        wrong,
        { error: expect.stringMatching(/^Invalid (per_page|cursor)/), status: 400 },
      ]);
    }
  });

  plainTest('a page holds 100 where nothing is asked, and at most 500', () => {
    const items = Array.from({ length: 600 }, (_, at) => at);
    expect(page('items', items, {})).toMatchObject({ items: items.slice(0, 100), meta: { total: 600 } });
    expect(page('items', items, { per_page: '500' })).toMatchObject({ items: items.slice(0, 500) });
  });
});
