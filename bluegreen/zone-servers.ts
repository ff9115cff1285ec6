import { resolve4, resolveNs } from 'node:dns/promises';
import { isIP } from 'node:net';
import { askForAddresses, type Question, type Reply } from './name-query.ts';
import type { NameAnswer, NameServers, ResolverAnswer } from './name-servers.ts';

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** Where packets of TCP vanish nobody must wait long for them: the other way has answered by then. */
const TCP_TIMEOUT_MS = 1_500;
/** Nobody waits longer for what resolvers say: it decides nothing. */
const RESOLVER_TIMEOUT_MS = 1_500;

export interface Server {
  readonly label: string;
  readonly host: string;
  readonly port: number;
}

/** The zone's own name servers, by its NS records or as configured ("10.77.0.1:53", "ns1.example.com"). */
export function zoneServers(configured: readonly string[], resolvers: readonly string[] = []): NameServers {
  return {
    addressesOf: async (domain, name) => {
      const names = configured.length > 0 ? configured : await delegated(domain);
      const servers = (await Promise.all(names.map((one) => serverOf(one)))).flat();
      return Promise.all(servers.map((server) => askServer(server, name)));
    },
    resolversOf: async (name) => {
      const servers = (await Promise.all(resolvers.map((one) => serverOf(one)))).flat();
      return Promise.all(servers.map((server) => askResolver(server, name)));
    },
  };
}

/** A zone that cannot be found has no servers; the switch then says so. */
async function delegated(domain: string): Promise<readonly string[]> {
  return resolveNs(domain).catch(() => []);
}

/** None for a name that nobody knows. */
export async function serverOf(
  name: string,
  resolve: (host: string) => Promise<string[]> = resolve4,
): Promise<Server[]> {
  const [, host = name, port = '53'] = /^(.*?)(?::(\d+))?$/.exec(name) ?? [];
  if (isIP(host) !== 0) return [{ label: name, host, port: Number(port) }];
  const addresses = await resolve(host).catch(() => []);
  return addresses.slice(0, 1).map((address) => ({ label: `${host} (${address})`, host: address, port: Number(port) }));
}

async function askServer({ label, host, port }: Server, name: string): Promise<NameAnswer> {
  const question = { host, port, name, timeoutMs: TIMEOUT_MS, recursive: false };
  const [udp, tcp] = await Promise.all([
    insist({ ...question, via: 'udp' }),
    askForAddresses({ ...question, via: 'tcp', timeoutMs: TCP_TIMEOUT_MS }),
  ]);
  return { server: label, ...bothWays(udp, tcp) };
}

/** A packet may get lost; a server that says no by itself is believed. */
async function insist(question: Question): Promise<Reply> {
  for (let tries = 1; ; tries += 1) {
    const reply = await askForAddresses(question);
    if ('addresses' in reply || tries >= TRIES) return reply;
  }
}

/** What it says by either way counts: both must say the same. One that is deaf by one way is asked by the other. */
export function bothWays(udp: Reply, tcp: Reply): Omit<NameAnswer, 'server'> {
  if ('problem' in udp && 'problem' in tcp) {
    const same = udp.problem === tcp.problem;
    return { addresses: [], problem: same ? udp.problem : `by UDP ${udp.problem}, by TCP ${tcp.problem}` };
  }
  if ('problem' in udp) return { addresses: addressesIn(tcp), deaf: `by UDP: ${udp.problem}` };
  if ('problem' in tcp) return { addresses: addressesIn(udp), deaf: `by TCP: ${tcp.problem}` };
  return { addresses: [...new Set([...udp.addresses, ...tcp.addresses])].sort() };
}

function addressesIn(reply: Reply): readonly string[] {
  return 'addresses' in reply ? reply.addresses : [];
}

async function askResolver({ label, host, port }: Server, name: string): Promise<ResolverAnswer> {
  const reply = await askForAddresses({
    host,
    port,
    name,
    via: 'udp',
    timeoutMs: RESOLVER_TIMEOUT_MS,
    recursive: true,
  });
  if ('problem' in reply) return { server: label, addresses: [], ttlSeconds: 0, problem: reply.problem };
  return { server: label, ...reply };
}
