import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GOODBYE_MS } from '../sockets.ts';
import { type Ask, KEY } from '../test/client.ts';
import { newDirectory } from '../test/directory.ts';
import { listen } from '../test/listener.ts';
import { startProcess } from '../test/process.ts';
import { startService } from '../test/service.ts';

async function write(ask: Ask, ...ids: readonly string[]): Promise<void> {
  for (const id of ids)
    expect((await ask('/memory', { method: 'POST', body: { id, content: `of ${id}` } })).status).toBe(201);
}

describe('the changes over a WebSocket', () => {
  it('are told in their order, each when it is on disk', async () => {
    const { ask, port } = await startService();
    await write(ask, 'before');
    const listener = await listen(port);
    await write(ask, 'one', 'two');
    await ask('/memory/one', { method: 'DELETE' });
    const [first, ...rest] = await listener.heard(4);
    expect(first).toEqual({ cursor: '1' });
    expect(rest).toMatchObject([
      { remembered: { id: 'one', content: 'of one' }, cursor: '2' },
      { remembered: { id: 'two' } },
      { forgotten: 'one' },
    ]);
    expect((await ask('/memory/two')).json()).toEqual(Object(rest[1]).remembered);
  });

  it('go on from a cursor, without a gap or anything twice, while more is written', async () => {
    const { ask, port } = await startService();
    const ids = Array.from({ length: 350 }, (_, index) => `n${index}`);
    await Promise.all(ids.slice(0, 250).map((id) => write(ask, id)));
    const all = Promise.all(ids.slice(250).map((id) => write(ask, id)));
    const listener = await listen(port, '?cursor=0');
    await all;
    const told = (await listener.heard(351)).flatMap((message) => ('remembered' in message ? [message] : []));
    expect(new Set(told.map(({ remembered }) => remembered.id))).toEqual(new Set(ids));
    expect(told.map(({ cursor }) => Number.parseInt(cursor, 36))).toEqual(ids.map((_, index) => index + 1));
    await write(ask, 'later');
    expect((await listener.heard(352)).at(-1)).toMatchObject({ remembered: { id: 'later' } });
    expect(await (await listen(port, '?cursor=zzzz')).heard(1)).toEqual([{ cursor: '9r' }]);
  });

  it('are for those with a key, count with its requests, and are no page', async () => {
    const { ask, port } = await startService({ rateLimit: 2 });
    await expect(listen(port, '', 'wrong')).rejects.toThrow('401');
    await listen(port);
    const page = await ask('/changes');
    expect(page.status).toBe(426);
    expect(page.headers.get('upgrade')).toBe('websocket');
    expect(page.json()).toMatchObject({ error: 'upgrade_required' });
    await expect(listen(port)).rejects.toThrow('429');
  });

  it('are refused with a reason: a wrong cursor, a path that is none, a handshake that is none', async () => {
    const { port } = await startService();
    await expect(listen(port, '?cursor=!')).rejects.toThrow('400');
    await expect(listen(port, '/none')).rejects.toThrow('404');
    const raw = async (head: string): Promise<string> => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`${head}\r\nhost: a\r\nauthorization: Bearer ${KEY}\r\nconnection: upgrade, close\r\n\r\n`);
      return text(socket);
    };
    expect(await raw('GET /changes HTTP/1.1\r\nupgrade: websocket')).toContain('400 Bad Request');
    expect(await raw('GET / HTTP/1.1\r\nupgrade: websocket')).toContain('"greeting"');
    expect(await raw('GET / HTTP/1.1\r\nupgrade: h2c')).toContain('"greeting"');
  });

  it('end for a listener that does not keep up, with its cursor to come again', async () => {
    const { ask, port, memory } = await startService();
    const listener = await listen(port);
    listener.goDeaf();
    const content = 'x'.repeat(100_000);
    for (let index = 0; index < 150; index += 1) await ask('/memory', { method: 'POST', body: { content } });
    expect(memory.count).toBe(150);
    listener.hearAgain();
    expect(await listener.closed).toMatchObject({ code: 1013 });
    const last = listener.told.at(-1);
    const cursor = last !== undefined && 'cursor' in last ? last.cursor : '';
    const again = await listen(port, `?cursor=${cursor}`);
    expect(listener.told.length - 1 + (await again.heard(150 - listener.told.length + 2)).length - 1).toBe(150);
  });
});

describe('SIGTERM', { timeout: 30_000 }, () => {
  async function stopWith(listeners: number, deaf: number) {
    const anny = await startProcess(await newDirectory());
    const all = await Promise.all(Array.from({ length: listeners }, () => listen(anny.port)));
    for (const one of all.slice(0, deaf)) one.goDeaf();
    await sleep(50);
    const began = performance.now();
    expect(await anny.end('SIGTERM')).toBe(0);
    const ms = performance.now() - began;
    return { ms, closed: await Promise.all(all.slice(deaf).map(({ closed }) => closed)) };
  }

  it('closes each WebSocket with a close frame, and waits a moment for those that do not answer', async () => {
    const answering = await stopWith(20, 0);
    const oneDeaf = await stopWith(2, 1);
    for (const closed of [...answering.closed, ...oneDeaf.closed])
      expect(closed).toEqual({ code: 1012, reason: 'Anny restarts: come again.' });
    expect(oneDeaf.ms).toBeGreaterThanOrEqual(GOODBYE_MS);
  });

  it('tells a listener first what was acknowledged before', async () => {
    const anny = await startProcess(await newDirectory());
    const listener = await listen(anny.port);
    await Promise.all(Array.from({ length: 30 }, (_, index) => write(anny.ask, `n${index}`)));
    const ended = anny.end('SIGTERM');
    expect((await listener.closed).code).toBe(1012);
    expect(listener.told).toHaveLength(31);
    expect(await ended).toBe(0);
  });
});
