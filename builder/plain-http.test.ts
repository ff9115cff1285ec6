import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { type TrialNginx, withNginx } from './trial/nginx.ts';
import { testBy, withDirectory } from './trial/programs.ts';

/** What port 80 answers: the issuer's questions, health while there is no certificate, and else the way to HTTPS. */

const CHALLENGE = '/.well-known/acme-challenge/token';

function serving(body: (nginx: TrialNginx) => Promise<void>): () => Promise<void> {
  const app = (path: string): string => `the app at ${path}`;
  return () =>
    withDirectory((root) => withNginx(root, (incoming, response) => response.end(app(incoming.url ?? '')), body));
}

function get(nginx: TrialNginx, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: nginx.httpPort, path, headers: { host: 'anny.membies.com' } };
    request(options, (answer) => {
      const { location = '' } = answer.headers;
      text(answer).then((body) => resolve(`${answer.statusCode} ${location || body}`), reject);
    })
      .on('error', reject)
      .end();
  });
}

async function putChallenge(root: string, content: string): Promise<void> {
  await mkdir(join(root, 'var/www/acme/.well-known/acme-challenge'), { recursive: true });
  await writeFile(join(root, `var/www/acme${CHALLENGE}`), content);
}

describe('port 80', () => {
  testBy(
    'nginx',
    'without a certificate tells health and nothing else: no key is asked for without TLS',
    serving(async (nginx) => {
      await nginx.flag('plain', true);
      expect(await get(nginx, '/health')).toMatch(/^503 .*unavailable/);
      await nginx.flag('mode/writer', true);
      expect(await get(nginx, '/health')).toBe('200 the app at /health');
      for (const path of ['/', '/memory', '/health/', '/healthy']) {
        expect(await get(nginx, path), path).toMatch(/^503 {"error":"no certificate",/);
      }
    }),
  );

  testBy(
    'nginx',
    'with one leads everything to HTTPS, health as well',
    serving(async (nginx) => {
      await nginx.flag('mode/writer', true);
      for (const path of ['/', '/memory?a=b', '/health']) {
        expect(await get(nginx, path)).toBe(`301 https://anny.membies.com${path}`);
      }
    }),
  );

  testBy(
    'nginx',
    'answers the issuer, with a certificate and without',
    serving(async (nginx) => {
      await putChallenge(nginx.root, 'proof');
      expect(await get(nginx, CHALLENGE)).toBe('200 proof');
      await nginx.flag('plain', true);
      expect(await get(nginx, CHALLENGE)).toBe('200 proof');
      expect(await get(nginx, '/.well-known/acme-challenge/other')).toMatch(/^404 /);
    }),
  );

  testBy(
    'nginx',
    'of a relay passes the issuer on to the writer, though that has no good certificate now',
    serving(async (nginx) => {
      const pair = join(nginx.root, 'etc/anny/tls/current');
      const [key, cert] = await Promise.all(['privkey.pem', 'fullchain.pem'].map((name) => readFile(join(pair, name))));
      // Trusted by nobody, this relay included.
      await writeFile(join(nginx.root, 'etc/anny/trust.pem'), '');
      const writer = createServer({ key: key ?? '', cert: cert ?? '' }, (incoming, response) => {
        response.end(`the writer, at ${incoming.headers.host}${incoming.url}`);
      });
      await new Promise<void>((resolve) => writer.listen(join(nginx.root, 'run/anny/peer.sock'), resolve));
      try {
        expect(await get(nginx, CHALLENGE)).toMatch(/^404 /);
        await nginx.flag('mode/relay', true);
        expect(await get(nginx, CHALLENGE)).toBe(`200 the writer, at anny.membies.com${CHALLENGE}`);
      } finally {
        writer.closeAllConnections();
        writer.close();
      }
    }),
  );
});
