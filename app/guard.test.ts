import { describe, expect, it } from 'vitest';
import { keyCheck, sentKey } from './api-key.ts';
import { KEY } from './test/client.ts';
import { startService } from './test/service.ts';

describe('a key', () => {
  it('opens everything but health and documentation', async () => {
    const { ask } = await startService();
    for (const path of ['/', '/memory', '/memory/search?q=a', '/memory/some-id']) {
      const none = await ask(path, { key: '' });
      expect(none.status).toBe(401);
      expect(none.headers.get('www-authenticate')).toBe('Bearer');
      expect(none.json()).toMatchObject({ error: 'unauthorized' });
    }
    for (const path of ['/health', '/docs/json']) expect((await ask(path, { key: '' })).status).toBe(200);
  });

  it.each(['wrong', `${KEY}x`, KEY.slice(0, -1), KEY.toUpperCase()])('%s is not let in', async (key) => {
    const { ask } = await startService();
    expect((await ask('/', { key })).status).toBe(401);
    expect((await ask('/memory', { method: 'POST', key, body: { content: 'a' } })).status).toBe(401);
    expect((await ask('/memory')).json()).toEqual({ entries: [], next: null });
  });

  it('comes as Bearer or as X-API-Key, and there may be several', async () => {
    const { ask } = await startService({ apiKeys: ['old-key', 'new-key'] });
    expect((await ask('/', { key: 'old-key' })).status).toBe(200);
    expect((await ask('/', { key: '', headers: { 'x-api-key': 'new-key' } })).status).toBe(200);
    expect((await ask('/', { key: '', headers: { authorization: 'bearer  new-key' } })).status).toBe(200);
    expect((await ask('/', { key: '', headers: { authorization: 'Basic new-key' } })).status).toBe(401);
  });

  it('is compared in digests of one length, with every key there is', () => {
    const check = keyCheck(['one', 'two']);
    expect(['one', 'two', 'three', '', 'o', 'one '].map(check)).toEqual([
      0,
      1,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(sentKey({ headers: {} })).toBe('');
  });
});

describe('the rate limit', () => {
  it('lets a key make so many requests a minute, says so in every answer, and then asks it to wait', async () => {
    let ms = 0;
    const { ask } = await startService({ rateLimit: 3, nowMs: () => ms });
    const remaining: (string | null)[] = [];
    for (let count = 0; count < 3; count += 1) {
      const answer = await ask('/');
      expect(answer.status).toBe(200);
      expect(answer.headers.get('ratelimit-limit')).toBe('3');
      remaining.push(answer.headers.get('ratelimit-remaining'));
      ms += 10_000;
    }
    expect(remaining).toEqual(['2', '1', '0']);
    const over = await ask('/memory', { method: 'POST', body: { content: 'a' } });
    expect(over.status).toBe(429);
    expect(over.headers.get('retry-after')).toBe('30');
    expect(over.json()).toMatchObject({ error: 'too_many_requests', requestId: expect.any(String) });
    ms += 30_000;
    expect((await ask('/')).status).toBe(200);
  });

  it('counts each key by itself, and health not at all', async () => {
    const { ask } = await startService({ rateLimit: 1, apiKeys: ['one', 'two'] });
    expect((await ask('/', { key: 'one' })).status).toBe(200);
    expect((await ask('/', { key: 'two' })).status).toBe(200);
    expect((await ask('/', { key: 'one' })).status).toBe(429);
    for (let count = 0; count < 3; count += 1) expect((await ask('/health')).status).toBe(200);
  });

  it('counts whoever guesses keys by address, and lets the owner of a key in from there', async () => {
    const { ask } = await startService({ rateLimit: 2, trustedProxies: ['127.0.0.1'] });
    const guess = (address: string) => ask('/', { key: 'guess', headers: { 'x-forwarded-for': address } });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await guess('192.0.2.1')).status);
    expect(statuses).toEqual([401, 401, 429]);
    expect((await guess('192.0.2.2')).status).toBe(401);
    expect((await ask('/', { headers: { 'x-forwarded-for': '192.0.2.1' } })).status).toBe(200);
  });

  it('believes X-Forwarded-For from the local proxy alone', async () => {
    const { ask } = await startService({ rateLimit: 2, trustedProxies: ['192.0.2.7'] });
    const statuses = [];
    for (let count = 0; count < 3; count += 1)
      statuses.push((await ask('/', { key: 'guess', headers: { 'x-forwarded-for': `192.0.2.${count}` } })).status);
    expect(statuses).toEqual([401, 401, 429]);
  });

  it('can be switched off', async () => {
    const { ask } = await startService({ rateLimit: 0 });
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask('/')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(answers[0]?.headers.has('ratelimit-limit')).toBe(false);
  });
});
