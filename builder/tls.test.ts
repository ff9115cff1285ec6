import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, getCiphers, type SecureVersion } from 'node:tls';
import { describe, expect } from 'vitest';
import { type KeyKind, type TrialNginx, withNginx } from './trial/nginx.ts';
import { runProgram, testBy, withDirectory } from './trial/programs.ts';

/** What the playbook promises of TLS, seen by two real clients: Node's and the openssl program. */

const STRONG = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'];
const DAY_SECONDS = 86_400;

function serving(body: (nginx: TrialNginx) => Promise<void>, key: KeyKind = 'ec'): () => Promise<void> {
  return () => withDirectory((root) => withNginx(root, (_, response) => response.end('from the app'), body, key));
}

/** "TLSv1.2 ECDHE-…", or that the server refused. */
function shake(nginx: TrialNginx, version: SecureVersion, ciphers = 'ALL:@SECLEVEL=0'): Promise<string> {
  return new Promise((resolve) => {
    const options = { port: nginx.httpsPort, host: '127.0.0.1', rejectUnauthorized: false, ciphers };
    const socket = connect({ ...options, minVersion: version, maxVersion: version }, () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
      socket.destroy();
    });
    socket.once('error', () => resolve('refused'));
  });
}

/** Every cipher that this client knows, offered by itself. */
async function accepted(nginx: TrialNginx): Promise<readonly string[]> {
  const known = getCiphers()
    .map((name) => name.toUpperCase())
    .filter((name) => !name.startsWith('TLS_'));
  expect(known.length).toBeGreaterThan(30);
  const answers = await Promise.all(
    known.map(async (name) => ((await shake(nginx, 'TLSv1.2', `${name}:@SECLEVEL=0`)) === 'refused' ? [] : [name])),
  );
  return answers.flat().sort();
}

async function openssl(nginx: TrialNginx, words: string, before = ''): Promise<string> {
  const { stdout } = await runProgram('bash', [
    ...[
      '-c',
      `${before} openssl s_client -connect 127.0.0.1:${nginx.httpsPort} -servername anny.membies.com ${words} 2>&1`,
    ],
  ]);
  return stdout;
}

const ASK = "(printf 'GET / HTTP/1.1\\r\\nHost: anny.membies.com\\r\\n\\r\\n'; sleep 0.5) |";

describe('TLS of the rendered site', () => {
  testBy(
    'nginx',
    'is 1.2 and 1.3, and nothing older',
    serving(async (nginx) => {
      expect(await shake(nginx, 'TLSv1.3')).toMatch(/^TLSv1\.3 TLS_(AES|CHACHA20)/);
      expect(await shake(nginx, 'TLSv1.2')).toMatch(/^TLSv1\.2 ECDHE-ECDSA-/);
      for (const old of ['TLSv1.1', 'TLSv1'] as const) expect(await shake(nginx, old), old).toBe('refused');
    }),
  );

  testBy(
    'nginx',
    'takes ECDHE with AES-GCM or ChaCha20-Poly1305, and no other cipher that this client knows',
    serving(async (nginx) => {
      expect(await accepted(nginx)).toEqual(STRONG.map((name) => `ECDHE-ECDSA-${name}`).sort());
    }),
  );

  testBy(
    'nginx',
    'takes the same with an RSA certificate',
    serving(async (nginx) => {
      expect(await accepted(nginx)).toEqual(STRONG.map((name) => `ECDHE-RSA-${name}`).sort());
    }, 'rsa'),
  );

  testBy(
    'nginx',
    'resumes sessions from its cache for a day, without tickets that could be decrypted later',
    serving(async (nginx) => {
      const session = join(nginx.root, 'session');
      const first = await openssl(nginx, `-tls1_2 -sess_out ${session} </dev/null`);
      expect(first).toContain('New, TLSv1.2');
      expect(first).toMatch(/Session-ID: [0-9A-F]{64}/);
      expect(first).not.toContain('TLS session ticket:');
      expect(await openssl(nginx, `-tls1_2 -sess_in ${session} </dev/null`)).toContain('Reused, TLSv1.2');
      // In 1.3 what is called a ticket holds only the cache's key: 32 bytes, good for a day.
      const latest = await openssl(nginx, '-tls1_3', ASK);
      expect(latest).toContain(`TLS session ticket lifetime hint: ${DAY_SECONDS} (seconds)`);
      const ticket = /TLS session ticket:\n((?: {4}[0-9a-f]{4} - .*\n)+)/.exec(latest)?.[1] ?? '';
      expect(ticket.trim().split('\n')).toHaveLength(2);
    }),
  );

  testBy(
    'nginx',
    'says HSTS for two years on the wire, and shows the certificate that lies there',
    serving(async (nginx) => {
      const trust = join(nginx.root, 'etc/anny/tls/current/fullchain.pem');
      const said = await openssl(nginx, `-CAfile ${trust} -verify_return_error -verify_hostname anny.membies.com`, ASK);
      expect(said).toContain('Verify return code: 0 (ok)');
      expect(said).toContain('Strict-Transport-Security: max-age=63072000; includeSubDomains');
      const body = (await readFile(trust, 'utf8')).split('\n')[1] ?? '';
      expect(said).toContain(body);
    }),
  );
});
