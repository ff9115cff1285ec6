import { appendFile, rename, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { trafficSchema } from '../machine/box.ts';
import { type TrialNginx, withNginx } from './trial/nginx.ts';
import { runProgram, testBy, withDirectory } from './trial/programs.ts';

const PART = join(import.meta.dirname, '..', 'templates/base/usr/local/lib/anny/traffic.sh');

/** What anny-box would answer, from a log that lies elsewhere. */
async function traffic(log: string, seconds = 60) {
  const script = `set -Eeuo pipefail; shopt -s inherit_errexit; . ${PART}; ACCESS_LOG=${log}; traffic_json ${seconds}`;
  const { stdout } = await runProgram('bash', ['-c', script]);
  return trafficSchema.parse(JSON.parse(stdout));
}

function get({ httpsPort }: TrialNginx, path: string, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { port: httpsPort, path, method, rejectUnauthorized: false, headers: { host: 'anny.membies.com' } };
    request({ host: '127.0.0.1', ...options }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

/** One line as nginx writes it. */
const line = (secondsAgo: number, fields: string): string =>
  `${(Date.now() / 1000 - secondsAgo).toFixed(3)} ${fields} 10.0.0.1 [2026-01-01T00:00:00+00:00] "GET / HTTP/1.1" 5 http://app "a - b"\n`;

describe('the traffic that a machine counts', () => {
  testBy('nginx', 'is what its app answered: not its health, not what it relays, not what nginx says itself', () =>
    withDirectory((root) =>
      withNginx(
        root,
        (incoming, response) => {
          response.statusCode = Number(/^\/(\d{3})/.exec(incoming.url ?? '')?.[1] ?? 200);
          if (incoming.url === '/stream') response.write('begun');
          setTimeout(() => response.end(), incoming.url?.startsWith('/s') ? 300 : 0);
        },
        async (nginx) => {
          await get(nginx, '/200/before-it-is-the-writer');
          await nginx.flag('mode/writer', true);
          for (const path of ['/200', '/404?a=b%20c', '/500', '/503', '/slow', '/stream']) await get(nginx, path);
          // A request with a body is decided on behind the gate.
          for (const path of ['/201', '/502']) await get(nginx, path, 'POST');
          for (const path of ['/health', '/.well-known/anny/writer']) await get(nginx, path);
          await nginx.flag('mode/relay', true);
          expect(await get(nginx, '/200/to-a-peer-that-is-not-there')).toBe(502);
          expect(await get(nginx, '/200/to-a-peer-that-is-not-there', 'POST')).toBe(502);
          await sleep(50);
          const seen = await traffic(join(root, 'var/log/nginx/anny.access.log'));
          expect(seen).toMatchObject({ seconds: 60, requests: 8, errors: 3 });
          expect(seen.p50Ms).toBeLessThan(100);
          expect(seen.p99Ms).toBeGreaterThan(250);
        },
      ),
    ),
  );

  test('reaches back into the file that was rotated away, and no further than it is asked', () =>
    withDirectory(async (root) => {
      const log = join(root, 'access.log');
      await writeFile(
        log,
        line(90, '1 500 0.500 0.500 -') + line(50, '1 200 9.000 0.100 -') + line(40, '1 502 0.200 0.200 -'),
      );
      await rename(log, `${log}.1`);
      expect(await traffic(log)).toMatchObject({ requests: 2, errors: 1 });
      await writeFile(log, line(2, '1 200 0.040 0.040 -'));
      expect(await traffic(log)).toEqual({ seconds: 60, requests: 3, errors: 1, p50Ms: 100, p95Ms: 200, p99Ms: 200 });
      expect(await traffic(log, 10)).toMatchObject({ requests: 1, errors: 0, p50Ms: 40 });
    }));

  test('leaves out torn lines, upgraded connections and, for the time alone, requests that waited for the app', () =>
    withDirectory(async (root) => {
      const log = join(root, 'access.log');
      await writeFile(
        log,
        line(9, '1 101 3600.000 0.001 -') + line(8, '1 200 2.500 0.000, 2.500 -') + line(7, '1 200 0.020 0.020 -'),
      );
      await appendFile(log, 'torn\n17640\n');
      expect(await traffic(log)).toEqual({ seconds: 60, requests: 2, errors: 0, p50Ms: 20, p95Ms: 20, p99Ms: 20 });
    }));

  test('has the time that a client waited in vain, and the errors of an app that says nothing', () =>
    withDirectory(async (root) => {
      const log = join(root, 'access.log');
      await writeFile(log, line(9, '1 499 8.000 - -') + line(8, '1 504 120.000 - -') + line(7, '1 413 0.001 - -'));
      expect(await traffic(log)).toMatchObject({ requests: 2, errors: 1, p50Ms: 8_000, p99Ms: 8_000 });
    }));

  test('is none where there is no log, and none where nothing was asked', () =>
    withDirectory(async (root) => {
      const none = { seconds: 60, requests: 0, errors: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0 };
      expect(await traffic(join(root, 'none.log'))).toEqual(none);
      await writeFile(join(root, 'access.log'), line(9, '0 200 0.001 0.001 -'));
      expect(await traffic(join(root, 'access.log'))).toEqual(none);
    }));
});
