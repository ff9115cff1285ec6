import { readdir } from 'node:fs/promises';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { KEY } from './test/client.ts';
import { newDirectory } from './test/directory.ts';
import { startProcess } from './test/process.ts';
import { startService } from './test/service.ts';

const HEADERS = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };

/** A write whose last bytes are sent when `finish` is called. */
function startWrite(port: number, id: string) {
  const body = JSON.stringify({ id, content: 'in flight' });
  const headers = { ...HEADERS, 'content-length': Buffer.byteLength(body) };
  const write = request({ host: '127.0.0.1', port, method: 'POST', path: '/memory', headers });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    write.on('response', (response) => resolve(response.resume()));
    write.on('error', reject);
  });
  write.write(body.slice(0, 5));
  return { answer, finish: () => write.end(body.slice(5)) };
}

function ask(port: number, agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/health', agent }, (response) => resolve(response.resume())).on(
      'error',
      reject,
    );
  });
}

describe('SIGTERM', { timeout: 30_000 }, () => {
  it('answers every request that is in flight, tells each client to go, and ends with 0', async () => {
    const directory = await newDirectory();
    const anny = await startProcess(directory);
    const writes = Array.from({ length: 50 }, (_, index) => startWrite(anny.port, `w${index}`));
    await sleep(100);
    const ended = anny.end('SIGTERM');
    await sleep(100);
    for (const write of writes) write.finish();
    const answers = await Promise.all(writes.map(({ answer }) => answer));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(writes.map(() => 201));
    expect(answers.every(({ headers }) => headers.connection === 'close')).toBe(true);
    expect(await ended).toBe(0);
    expect(await readdir(directory)).toEqual(['memory.json']);
    const again = await startProcess(directory);
    expect((await again.ask('/health')).json()).toMatchObject({ memory: { entries: 50 } });
  });

  it('takes no new connection, and is not cut short by a second signal', async () => {
    const anny = await startProcess(await newDirectory());
    const write = startWrite(anny.port, 'slow');
    await sleep(50);
    void anny.end('SIGTERM');
    await sleep(100);
    const ended = anny.end('SIGTERM');
    await expect(anny.ask('/health')).rejects.toThrow();
    write.finish();
    expect((await write.answer).statusCode).toBe(201);
    expect(await ended).toBe(0);
  });
});

/** What a stop takes that waits for something: the busiest computer is quicker with one that does not. */
const LONG_MS = 4_500;

describe('a stop', () => {
  it('does not wait for connections on which nobody asks anything', async () => {
    const service = await startService();
    const agent = new Agent({ keepAlive: true });
    await ask(service.port, agent);
    const silent = connect(service.port, '127.0.0.1').on('error', () => {});
    await sleep(50);
    const began = performance.now();
    await service.stop();
    expect(performance.now() - began).toBeLessThan(LONG_MS);
    silent.destroy();
    agent.destroy();
  });

  it('gives up on a request that does not come to its end', async () => {
    const service = await startService({ finishMs: 300 });
    const write = startWrite(service.port, 'never');
    const failed = expect(write.answer).rejects.toThrow();
    await sleep(50);
    const began = performance.now();
    await service.stop();
    expect(performance.now() - began).toBeLessThan(LONG_MS);
    await failed;
  });

  it('answers what came on an open connection just before it', async () => {
    const service = await startService();
    const socket = connect(service.port, '127.0.0.1');
    socket.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n');
    await sleep(50);
    socket.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n');
    const answers = text(socket);
    await sleep(20);
    await service.stop();
    expect((await answers).match(/HTTP\/1.1 200/g)).toHaveLength(2);
  });
});

it('an idle connection is kept for longer than nginx keeps its side', async () => {
  const { port } = await startService();
  const agent = new Agent({ keepAlive: true });
  expect((await ask(port, agent)).headers['keep-alive']).toBe('timeout=75');
  agent.destroy();
});
