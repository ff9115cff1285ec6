import { once } from 'node:events';
import { connect } from 'node:net';
import dns from 'dns-packet';
import { describe, expect, test as plain } from 'vitest';
import { answersOf, ask, overTcp, overUdp, question } from '../../test/cloud/name-client.ts';
import { withLength } from './name-forward.ts';
import { startNameServer } from './name-server.ts';
import type { Zone } from './zone.ts';

const addresses = (name: string, length: number) =>
  Array.from({ length }, (_, at) => ({ type: 'A', name, data: `192.0.2.${at}`, ttl: 60 }));
const ZONES: readonly Zone[] = [
  {
    domain: 'anny.test',
    records: [
      { type: 'NS', name: '', data: 'ns1.vultr.com', ttl: 300 },
      { type: 'A', name: '', data: '192.0.2.1', ttl: 300 },
      { type: 'MX', name: '', data: 'mail.anny.test', ttl: 300, priority: 20 },
      { type: 'A', name: 'app', data: '192.0.2.2', ttl: 17 },
      { type: 'CNAME', name: '*', data: 'anny.test', ttl: 30 },
      { type: 'CNAME', name: 'outside', data: 'www.example.org', ttl: 30 },
      { type: 'CNAME', name: 'round', data: 'round.anny.test', ttl: 30 },
      { type: 'TXT', name: 'text', data: `"${'x'.repeat(300)}"`, ttl: 60 },
      { type: 'CNAME', name: 'broken', data: `${'y'.repeat(70)}.anny.test`, ttl: 60 },
      ...addresses('some', 25),
      ...addresses('many', 60),
    ],
  },
  { domain: 'plain.test', records: [{ type: 'A', name: 'app', data: '192.0.2.3', ttl: 60 }] },
  { domain: 'deep.anny.test', records: [{ type: 'A', name: 'app', data: '192.0.2.4', ttl: 60 }] },
];

const start = (upstream: readonly string[] = []) =>
  startNameServer({ address: '127.0.0.1', port: 0, zones: () => ZONES, upstream });

const test = plain.extend('port', async ({ task: _task }, { onCleanup }) => {
  const server = await start();
  onCleanup(server.close);
  return server.port;
});

describe('names of a zone', () => {
  test('a record is answered with its data and its TTL, with authority, over UDP and TCP', async ({ port }) => {
    const [tcp] = await overTcp(port, question('app.anny.test', 'A'));
    for (const answer of [await ask(port, 'app.anny.test', 'A'), tcp]) {
      expect(answer).toMatchObject({ id: 4711, type: 'response', rcode: 'NOERROR', flag_aa: true, flag_rd: true });
      expect(answer?.answers).toMatchObject([{ name: 'app.anny.test', type: 'A', ttl: 17, data: '192.0.2.2' }]);
    }
  });

  test('capitals make no difference, and the question comes back as it was asked', async ({ port }) => {
    const answer = await ask(port, 'aPP.Anny.TEST', 'A');
    expect(answer.answers).toMatchObject([{ data: '192.0.2.2' }]);
    expect(answer.questions).toMatchObject([{ name: 'aPP.Anny.TEST' }]);
  });

  test('the apex has its address, its name servers, its mail and its SOA', async ({ port }) => {
    expect((await ask(port, 'anny.test', 'A')).answers).toMatchObject([{ data: '192.0.2.1', ttl: 300 }]);
    expect((await ask(port, 'anny.test', 'NS')).answers).toMatchObject([{ data: 'ns1.vultr.com' }]);
    const mail = { preference: 20, exchange: 'mail.anny.test' };
    expect((await ask(port, 'anny.test', 'MX')).answers).toMatchObject([{ data: mail }]);
    expect((await ask(port, 'anny.test', 'SOA')).answers).toMatchObject([{ type: 'SOA', name: 'anny.test' }]);
  });

  test('a name without a record of its own is led by the wildcard', async ({ port }) => {
    expect((await ask(port, 'other.anny.test', 'A')).answers).toMatchObject([
      { type: 'CNAME', name: 'other.anny.test', ttl: 30, data: 'anny.test' },
      { type: 'A', name: 'anny.test', data: '192.0.2.1' },
    ]);
  });

  test('a name that exists has no record of another type: no error, and the SOA says how long that holds', async ({
    port,
  }) => {
    const answer = await ask(port, 'app.anny.test', 'AAAA');
    expect(answer).toMatchObject({ rcode: 'NOERROR', answers: [], authorities: [{ type: 'SOA', ttl: 5 }] });
  });

  test('a name that does not exist is NXDOMAIN, with the SOA', async ({ port }) => {
    const answer = await ask(port, 'nothing.plain.test', 'A');
    expect(answer).toMatchObject({ rcode: 'NXDOMAIN', flag_aa: true, answers: [] });
    expect(answer.authorities).toMatchObject([{ type: 'SOA', name: 'plain.test', data: { minimum: 5 } }]);
  });

  test('the most specific zone answers', async ({ port }) => {
    expect((await ask(port, 'app.deep.anny.test', 'A')).answers).toMatchObject([{ data: '192.0.2.4' }]);
    expect(await ask(port, 'app.notanny.test', 'A')).toMatchObject({ rcode: 'SERVFAIL' });
  });

  test('an alias that leaves the zone is told and not followed; one that goes in circles ends', async ({ port }) => {
    expect((await ask(port, 'outside.anny.test', 'A')).answers).toMatchObject([
      { type: 'CNAME', data: 'www.example.org' },
    ]);
    expect((await ask(port, 'round.anny.test', 'A')).answers?.length).toBeLessThanOrEqual(8);
  });

  test('a long text comes in strings of 255 bytes', async ({ port }) => {
    const { answers = [] } = await ask(port, 'text.anny.test', 'TXT');
    const [one] = answers;
    const strings = one?.type === 'TXT' && Array.isArray(one.data) ? one.data.map(String) : [];
    expect(strings).toEqual(['x'.repeat(255), 'x'.repeat(45)]);
  });
});

describe('what is too much for a packet', () => {
  test('is cut over UDP, by what the client takes, and whole over TCP', async ({ port }) => {
    expect(await ask(port, 'some.anny.test', 'A')).toMatchObject({ flag_tc: true, answers: [] });
    expect((await overUdp(port, question('some.anny.test', 'A', 4096))).answers).toHaveLength(25);
    expect(await overUdp(port, question('many.anny.test', 'A', 4096))).toMatchObject({ flag_tc: true, answers: [] });
    const [whole] = await overTcp(port, question('many.anny.test', 'A'));
    expect(whole?.answers).toHaveLength(60);
  });
});

describe('what comes in broken', () => {
  const garbage = [
    Buffer.alloc(0),
    Buffer.from([1]),
    Buffer.alloc(12),
    Buffer.alloc(600, 0xff),
    Buffer.from('GET / HTTP/1.1'),
  ];
  const response = dns.encode({ type: 'response', id: 1, questions: [{ type: 'A', name: 'app.anny.test' }] });
  const cutOff = question('app.anny.test', 'A').subarray(0, 20);

  test('packets that are no questions are dropped, and the next is answered', async ({ port }) => {
    const answer = await overUdp(port, ...garbage, response, cutOff, question('app.anny.test', 'A'));
    expect(answer.answers).toMatchObject([{ data: '192.0.2.2' }]);
  });

  test('a connection that sends such is closed, and the next one is answered', async ({ port }) => {
    for (const one of [...garbage.map(withLength), Buffer.from([0, 200, 1, 2, 3])]) {
      const socket = connect(port, '127.0.0.1');
      socket.end(one);
      socket.resume();
      await once(socket, 'close');
    }
    const [answer] = await overTcp(port, question('app.anny.test', 'A'));
    expect(answer?.answers).toHaveLength(1);
  });

  test('two questions in one write, and one in two, are all answered', async ({ port }) => {
    const both = await overTcp(port, question('app.anny.test', 'A'), question('anny.test', 'A'));
    expect(both.map(({ answers }) => answers?.length)).toEqual([1, 1]);
    const socket = connect(port, '127.0.0.1');
    const message = withLength(question('app.anny.test', 'A'));
    socket.write(message.subarray(0, 9));
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(message.subarray(9));
    expect(await answersOf(socket, 1)).toMatchObject([{ rcode: 'NOERROR' }]);
    socket.destroy();
  });

  test('a record that no packet can carry is SERVFAIL, and the others are answered', async ({ port }) => {
    expect(await ask(port, 'broken.anny.test', 'CNAME')).toMatchObject({ rcode: 'SERVFAIL' });
    expect(await ask(port, 'app.anny.test', 'A')).toMatchObject({ rcode: 'NOERROR' });
  });
});

describe('names of other zones', () => {
  plain('are asked of the resolvers, over UDP and TCP, and come back as they are', async () => {
    const resolver = await start();
    const empty = { address: '127.0.0.1', port: 0, zones: () => [], upstream: [`127.0.0.1#${resolver.port}`] };
    const server = await startNameServer(empty);
    const [tcp] = await overTcp(server.port, question('app.anny.test', 'A'));
    for (const answer of [await ask(server.port, 'app.anny.test', 'A'), tcp]) {
      expect(answer).toMatchObject({ id: 4711, answers: [{ data: '192.0.2.2', ttl: 17 }] });
    }
    await Promise.all([server.close(), resolver.close()]);
  });

  test('are SERVFAIL at once when no resolver answers', async ({ port }) => {
    expect(await ask(port, 'example.org', 'A')).toMatchObject({ rcode: 'SERVFAIL' });
  });
});
