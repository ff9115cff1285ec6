import { type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { type TrialNginx, withNginx } from './trial/nginx.ts';
import { testBy, withDirectory } from './trial/programs.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function get(nginx: TrialNginx, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port: nginx.httpsPort, path, rejectUnauthorized: false, headers: { host: 'anny.membies.com' } };
    const sent = request({ host: '127.0.0.1', ...options }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

/** An upload of which the first half is on its way. */
function startUpload({ httpsPort }: TrialNginx, method: string): { answer: Promise<string>; finish: () => void } {
  const headers = { host: 'anny.membies.com', 'content-length': '100000' };
  const sent = request({ host: '127.0.0.1', port: httpsPort, method, rejectUnauthorized: false, headers });
  const answer = new Promise<string>((resolve, reject) => {
    sent.on('error', reject).on('response', (response) => {
      text(response).then((body) => resolve(`${response.statusCode} ${body}`), reject);
    });
  });
  sent.write('x'.repeat(50_000));
  return { answer, finish: () => sent.end('x'.repeat(50_000)) };
}

function openSocket({ httpsPort }: TrialNginx): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'anny.membies.com', connection: 'Upgrade', upgrade: 'WebSocket' };
    const sent = request({ host: '127.0.0.1', port: httpsPort, rejectUnauthorized: false, headers });
    sent.on('error', reject).end();
    sent.on('response', (answer) => resolve(`${answer.statusCode} ${answer.resume().headers['content-type']}`));
    sent.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve(`${answer.statusCode} ${answer.headers.upgrade}`);
    });
  });
}

const SECURITY = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'content-security-policy': expect.stringContaining("default-src 'self'"),
};

/** An app that answers each path with its number, and would weaken what the site says. */
function app(path: string): number {
  return Number(/\d+/.exec(path)?.[0] ?? 200);
}

function serving(body: (nginx: TrialNginx) => Promise<void>): () => Promise<void> {
  return () =>
    withDirectory((root) =>
      withNginx(
        root,
        (incoming, response) => {
          response.writeHead(app(incoming.url ?? ''), { 'X-Frame-Options': 'ALLOWALL', 'Content-Type': 'text/plain' });
          response.end('from the app');
        },
        body,
      ),
    );
}

describe('nginx with the rendered site', () => {
  testBy(
    'nginx',
    'a machine without a role serves nobody: 503 in JSON, 301 without TLS',
    serving(async (nginx) => {
      const answer = await get(nginx, '/');
      expect(answer).toMatchObject({ status: 503, headers: SECURITY });
      expect(JSON.parse(answer.body)).toMatchObject({ error: 'unavailable' });
      const location = await new Promise((resolve, reject) => {
        plainRequest(
          { host: '127.0.0.1', port: nginx.httpPort, path: '/a?b=1', headers: { host: 'anny.membies.com' } },
          (response) => resolve([response.statusCode, response.headers.location]),
        )
          .on('error', reject)
          .end();
      });
      expect(location).toEqual([301, 'https://anny.membies.com/a?b=1']);
    }),
  );

  testBy(
    'nginx',
    'a writer serves the app, with the security headers on every answer, errors as well',
    serving(async (nginx) => {
      await nginx.flag('mode/writer', true);
      for (const status of [200, 301, 400, 404, 500, 503]) {
        expect(await get(nginx, `/${status}`), `status ${status}`).toMatchObject({ status, headers: SECURITY });
      }
      expect(await get(nginx, '/.well-known/anny/writer')).toMatchObject({
        status: 200,
        headers: SECURITY,
        body: 'id 1 writer\n',
      });
    }),
  );

  testBy('nginx', 'a request whose body comes slowly goes to whoever serves when all of it is here', () => {
    const served: string[] = [];
    const kept = (incoming: IncomingMessage, response: ServerResponse): void => {
      served.push(incoming.method ?? '');
      incoming.resume().on('end', () => response.end('kept'));
    };
    return withDirectory((root) =>
      withNginx(root, kept, async (nginx) => {
        await nginx.flag('mode/writer', true);
        const uploads = ['POST', 'PUT', 'DELETE'].map((method) => startUpload(nginx, method));
        await sleep(100);
        await nginx.flag('mode/hold', true);
        for (const { finish } of uploads) finish();
        await nginx.valve.waiting(3);
        expect(served).toEqual([]);
        await nginx.flag('mode/hold', false);
        nginx.valve.open();
        expect(await Promise.all(uploads.map(({ answer }) => answer))).toEqual(uploads.map(() => '200 kept'));
        expect(served.sort()).toEqual(['DELETE', 'POST', 'PUT']);
      }),
    );
  });

  testBy(
    'nginx',
    'a WebSocket reaches the app, and a machine without a role refuses it as it refuses everybody',
    serving(async (nginx) => {
      const open = () => openSocket(nginx);
      expect(await open()).toBe('503 application/json');
      await nginx.flag('mode/writer', true);
      expect(await open()).toBe('101 websocket');
    }),
  );
});
