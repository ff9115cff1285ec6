import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startNameServer } from '../cloud/local/name-server.ts';
import { lookUp } from './look-up.ts';
import { resolversText } from './public-resolvers.ts';
import { bothWays, zoneServers } from './zone-servers.ts';

const RECORD = { id: '1', type: 'A', name: 'app', data: '192.0.2.1', ttl: 60, priority: 0 };

async function nameServer(...records: (typeof RECORD)[]): Promise<string> {
  const zones = () => [{ domain: 'example.com', records }];
  const server = await startNameServer({ address: '127.0.0.1', port: 0, zones, upstream: [] });
  onTestFinished(() => server.close());
  return `127.0.0.1:${server.port}`;
}

/** By TCP it hangs up; by UDP nobody listens. */
async function mute(): Promise<string> {
  const server: Server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

const ask = (...servers: string[]) => zoneServers(servers).addressesOf('example.com', 'app.example.com');

describe("the zone's own name servers", () => {
  test('each is asked, and says what it has', async () => {
    const [one, other] = [await nameServer(RECORD), await nameServer({ ...RECORD, data: '192.0.2.2' })];
    expect(await ask(one, other)).toEqual([
      { server: one, addresses: ['192.0.2.1'] },
      { server: other, addresses: ['192.0.2.2'] },
    ]);
  });

  test('two records are told as two, and none as none', async () => {
    const both = await nameServer({ ...RECORD, data: '192.0.2.9' }, { ...RECORD, id: '2' });
    const none = await nameServer();
    expect(await ask(both, none)).toMatchObject([{ addresses: ['192.0.2.1', '192.0.2.9'] }, { addresses: [] }]);
  });

  test('one that does not answer says why, by each way', async () => {
    const [answer] = await ask(await mute());
    expect(answer).toMatchObject({ addresses: [] });
    expect(answer?.problem).toMatch(/by UDP no answer \(ECONNREFUSED\), by TCP no answer \(ECONNRESET\)/);
  });
});

describe('a server that is given by a name that leads nowhere', () => {
  const nowhere = 'ns1.nowhere.invalid';
  const unfound = { server: nowhere, addresses: [], problem: expect.stringContaining('its address cannot be found') };

  test('is told beside the others, and not left out', async () => {
    const there = await nameServer(RECORD);
    expect(await ask(nowhere, there)).toEqual([
      { ...unfound, unfound: true },
      { server: there, addresses: ['192.0.2.1'] },
    ]);
    expect(await zoneServers([], [nowhere]).resolversOf('app.example.com')).toMatchObject([unfound]);
  });

  test('is looked for in a time that has an end, whoever does not answer', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const begun = performance.now();
    const looking = lookUp(300, (resolver) => {
      resolver.setServers([`127.0.0.1:${silent.address().port}`]);
      return resolver.resolve4(nowhere);
    });
    await expect(looking).rejects.toMatchObject({ code: expect.stringMatching(/ECANCELLED|ETIMEOUT/) });
    expect(performance.now() - begun).toBeLessThan(3_000);
  });
});

describe('what a server says by UDP and by TCP', () => {
  const one = { addresses: ['192.0.2.1'], ttlSeconds: 60 };

  test('counts by both: where they differ it leads to both', () => {
    expect(bothWays(one, one)).toEqual({ addresses: ['192.0.2.1'] });
    expect(bothWays(one, { addresses: ['192.0.2.2'], ttlSeconds: 1 })).toEqual({
      addresses: ['192.0.2.1', '192.0.2.2'],
    });
  });

  test('counts by the one way that is open, and that is told', () => {
    const problem = 'no answer (ETIMEOUT)';
    expect(bothWays(one, { problem })).toEqual({ addresses: ['192.0.2.1'], deaf: `by TCP: ${problem}` });
    expect(bothWays({ problem }, one)).toEqual({ addresses: ['192.0.2.1'], deaf: `by UDP: ${problem}` });
    expect(bothWays({ problem }, { problem })).toEqual({ addresses: [], problem });
  });
});

describe('public resolvers', () => {
  test('are asked with what is left of the TTL, and one that cannot be reached is said to be', async () => {
    const [server, gone] = [await nameServer(RECORD), await mute()];
    const answers = await zoneServers([], [server, gone]).resolversOf('app.example.com');
    expect(answers).toMatchObject([
      { server, addresses: ['192.0.2.1'], ttlSeconds: 60 },
      { server: gone, addresses: [] },
    ]);
    expect(resolversText(answers, '192.0.2.1')).toBe(
      `${server} says so too; ${gone} could not be asked: no answer (ECONNREFUSED)`,
    );
    expect(resolversText(answers, '192.0.2.7')).toMatch(/says 192\.0\.2\.1 for another 60 s/);
  });

  test('are not asked where none is configured', async () => {
    expect(await zoneServers([], []).resolversOf('app.example.com')).toEqual([]);
  });
});
