import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { httpsProbe } from './https-probe.ts';
import { kindOf, type ProbeAnswer } from './probe.ts';

const probe = httpsProbe('');
const ask = (name: string, address: string, timeoutMs = 2_000): Promise<ProbeAnswer> =>
  probe.get({ name, address, path: '/health', timeoutMs });

test('a machine that refuses is a failure, with the code of its cause', async () => {
  const answer = await ask('app.test:1', '127.0.0.1');
  expect(answer).toMatchObject({ status: 0, code: 'ECONNREFUSED' });
  expect(kindOf(answer)).toBe('bad');
});

test('an address that this computer has no way to says nothing about a machine', async () => {
  // A broadcast address: the kernel forbids the connection before anything leaves.
  const answer = await ask('app.test', '255.255.255.255');
  expect(answer).toMatchObject({ status: 0, code: expect.stringMatching(/^E(ACCES|NETUNREACH)$/) });
  expect(kindOf(answer)).toBe('inconclusive');
});

test('a machine that takes the connection and stays silent is a failure', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await ask(`app.test:${port}`, '127.0.0.1', 200);
  server.close();
  expect(answer).toMatchObject({ status: 0, problem: expect.stringMatching(/time/i) });
  expect(kindOf(answer)).toBe('bad');
});
