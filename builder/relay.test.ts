import { mkdir, readFile } from 'node:fs/promises';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { type TrialNginx, withNginx } from './trial/nginx.ts';
import { testBy, withDirectory } from './trial/programs.ts';

/** The other machine: it answers each path with its number, and reads a request to its end first. */
async function withPeer(nginx: TrialNginx, body: () => Promise<void>): Promise<void> {
  const pair = join(nginx.root, 'etc/anny/tls/current');
  const [key, cert] = await Promise.all(['privkey.pem', 'fullchain.pem'].map((name) => readFile(join(pair, name))));
  const peer = createServer({ key: key ?? '', cert: cert ?? '' }, (incoming, response) => {
    incoming.resume().on('end', () => response.writeHead(Number(incoming.url?.slice(1))).end());
  });
  await new Promise<void>((resolve) => peer.listen(join(nginx.root, 'run/anny/peer.sock'), resolve));
  try {
    await body();
  } finally {
    peer.closeAllConnections();
    peer.close();
  }
}

function send(nginx: TrialNginx, method: string, path: string) {
  const options = { host: '127.0.0.1', port: nginx.httpsPort, rejectUnauthorized: false, method, path };
  const sent = request({ ...options, headers: { host: 'anny.membies.com' } });
  const answered = new Promise<number>((resolve, reject) => {
    sent.on('response', (answer: IncomingMessage) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)));
    sent.on('error', reject);
  });
  return { sent, answered };
}

/** As of a client that keeps its connection. */
function answerTo(nginx: TrialNginx, method: string, path: string): Promise<IncomingMessage> {
  const options = { host: '127.0.0.1', port: nginx.httpsPort, rejectUnauthorized: false, method, path };
  return new Promise((resolve, reject) => {
    request({ ...options, agent: new Agent({ keepAlive: true }), headers: { host: 'anny.membies.com' } })
      .on('response', (answer) => answer.resume().on('end', () => resolve(answer)))
      .on('error', reject)
      .end(method === 'POST' ? 'a body' : undefined);
  });
}

async function ask(nginx: TrialNginx, method: string, path: string): Promise<number> {
  const { sent, answered } = send(nginx, method, path);
  sent.end();
  return answered;
}

/** What anny-box reads. */
function underWay(nginx: TrialNginx): Promise<string> {
  return new Promise((resolve, reject) => {
    plainRequest({ socketPath: join(nginx.root, 'run/anny/requests.sock') }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('end', () => resolve(/Writing: \d+/.exec(text)?.[0] ?? text));
    })
      .on('error', reject)
      .end();
  });
}

async function lines(nginx: TrialNginx, name: string): Promise<number> {
  await sleep(50);
  return (await readFile(join(nginx.root, 'var/log/anny', name), 'utf8')).split('\n').length - 1;
}

const relaying = (body: (nginx: TrialNginx) => Promise<void>): (() => Promise<void>) => {
  return () =>
    withDirectory((root) =>
      withNginx(
        root,
        (_, response) => response.end(),
        (nginx) =>
          withPeer(nginx, async () => {
            await nginx.flag('mode/relay', true);
            await body(nginx);
          }),
      ),
    );
};

describe('a relay', () => {
  testBy(
    'nginx',
    'counts what it passed on, and apart from it what may have changed something',
    relaying(async (nginx) => {
      for (const [method, path] of [
        ['GET', '/200'],
        ['HEAD', '/200'],
        ['OPTIONS', '/200'],
        ['POST', '/200'],
        ['PUT', '/201'],
        ['DELETE', '/303'],
        ['POST', '/400'],
        ['POST', '/500'],
      ] as const) {
        expect(await ask(nginx, method, path)).toBe(Number(path.slice(1)));
      }
      expect(await lines(nginx, 'relayed.log')).toBe(8);
      expect(await lines(nginx, 'relayed-writes.log')).toBe(3);
    }),
  );

  testBy(
    'nginx',
    'says how many requests are under way, an upload from its first byte on, and no idle client',
    relaying(async (nginx) => {
      await ask(nginx, 'GET', '/200');
      expect(await underWay(nginx)).toBe('Writing: 1');
      const upload = send(nginx, 'POST', '/200');
      upload.sent.setHeader('content-length', '8');
      upload.sent.write('half');
      await sleep(100);
      expect(await underWay(nginx)).toBe('Writing: 2');
      upload.sent.end('more');
      expect(await upload.answered).toBe(200);
      expect(await underWay(nginx)).toBe('Writing: 1');
    }),
  );

  testBy(
    'nginx',
    'ends what is open at an address that is about to lead elsewhere with its next answer, uploads too',
    relaying(async (nginx) => {
      await mkdir(join(nginx.root, 'run/anny/leaving'), { recursive: true });
      const keeps = async (method: string) => (await answerTo(nginx, method, '/201')).headers.connection;
      await nginx.flag('leaving/127.0.0.9', true);
      expect([await keeps('GET'), await keeps('POST')]).toEqual(['keep-alive', 'keep-alive']);
      await nginx.flag('leaving/127.0.0.1', true);
      expect([await keeps('GET'), await keeps('POST')]).toEqual(['close', 'close']);
      expect((await answerTo(nginx, 'POST', '/201')).statusCode).toBe(201);
      await nginx.flag('leaving/127.0.0.1', false);
      expect(await keeps('GET')).toBe('keep-alive');
    }),
  );
});
