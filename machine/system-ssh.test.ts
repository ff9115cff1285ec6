import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { testBy } from '../builder/trial/programs.ts';
import { fingerprintOf } from './host-key.ts';
import { hostKeyOptions } from './system-ssh.ts';

const run = promisify(execFile);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : expect.fail('no port');
}

/** A real sshd that nobody may log in to: its host key is judged before that. */
async function withServer(use: (port: number, fingerprint: string, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-sshd-'));
  const port = await freePort();
  // Only root has the directory that a running sshd wants.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'key')]);
  const publicKey = await readFile(join(directory, 'key.pub'), 'utf8');
  const options = ['-o', `HostKey=${directory}/key`, '-o', 'ListenAddress=127.0.0.1', '-o', 'PidFile=none'];
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', '/dev/null', '-p', String(port), ...options]);
  try {
    await once(server.stderr, 'data');
    await use(port, fingerprintOf(publicKey.trim()), directory);
  } finally {
    server.kill();
    await rm(directory, { recursive: true });
  }
}

/** What ssh complains about. */
async function complaint(port: number, options: readonly string[]): Promise<string> {
  const common = ['-p', String(port), '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-F', '/dev/null'];
  const failed = run('ssh', [...common, ...options, 'nobody@127.0.0.1', 'true']);
  return failed.then(
    () => 'it let us in',
    (error: { readonly stderr: string }) => error.stderr,
  );
}

testBy('sshd', 'a host key is known by its fingerprint, and another one is not spoken to', () =>
  withServer(async (port, fingerprint, directory) => {
    const known = join(directory, 'known_hosts');
    await writeFile(known, '');
    expect(await complaint(port, hostKeyOptions({ hostKeyFingerprint: fingerprint }, known))).toMatch(
      /Permission denied/,
    );
    const other = `${fingerprint.slice(0, -3)}abc`;
    expect(await complaint(port, hostKeyOptions({ hostKeyFingerprint: other }, known))).toMatch(
      /Host key verification failed/,
    );
  }),
);

test('what is no fingerprint goes into no command', () => {
  expect(() => hostKeyOptions({ hostKeyFingerprint: "SHA256:x' ; id" }, '/x')).toThrow('is no fingerprint');
});
