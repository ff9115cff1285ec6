import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, onTestFinished, test } from 'vitest';
import { AnnyError } from '../operation/errors.ts';
import { systemClock } from '../operation/system-clock.ts';
import { fingerprintOf } from './host-key.ts';
import { connect, isKeyRefused } from './ssh.ts';
import { makeSshKey } from './ssh-key.ts';

const host = makeSshKey(systemClock);

/** A server that lets nobody in. */
async function closed(): Promise<number> {
  const server = new ssh2.Server({ hostKeys: [host.privateKey] }, (client) => {
    client.on('authentication', (attempt) => attempt.reject(['publickey'])).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('it listens nowhere');
  return at.port;
}

async function failure(port: number): Promise<AnnyError> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-ssh-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const privateKeyPath = join(directory, 'key');
  await writeFile(privateKeyPath, makeSshKey(systemClock).privateKey);
  const hostKeyFingerprint = fingerprintOf(host.publicKey);
  const target = { address: '127.0.0.1', port, user: 'deploy', privateKeyPath, hostKeyFingerprint } as const;
  const error = await connect(target).catch((caught: unknown) => caught);
  if (error instanceof AnnyError) return error;
  throw error;
}

test('a machine that does not let this key in is told from one that does not answer', async () => {
  const shut = await failure(await closed());
  expect(shut).toMatchObject({
    code: 'MACHINE_UNREACHABLE',
    found: expect.stringContaining('does not let this SSH key in'),
  });
  expect(isKeyRefused(shut)).toBe(true);
  const gone = await failure(1);
  expect(gone).toMatchObject({ code: 'MACHINE_UNREACHABLE' });
  expect(isKeyRefused(gone)).toBe(false);
});
