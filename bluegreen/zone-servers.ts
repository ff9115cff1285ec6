import { isIP } from 'node:net';
import { lookUp } from './look-up.ts';
import { askForAddresses, type Question, type Reply } from './name-query.ts';
import type { NameAnswer, NameServers, ResolverAnswer } from './name-servers.ts';

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** Where packets of TCP vanish nobody must wait long for them: the other way has answered by then. */
const TCP_TIMEOUT_MS = 1_500;
/** Nobody waits longer for what resolvers say: it decides nothing. */
const RESOLVER_TIMEOUT_MS = 1_500;
/** A server's own address, or which servers there are. */
const LOOKUP_TIMEOUT_MS = 4_000;

export interface Server {
  readonly label: string;
  readonly host: string;
  readonly port: number;
}

/** Known by its name alone. */
export interface Unfound {
  readonly label: string;
  readonly problem: string;
}

type AddressesOf = (host: string) => Promise<string[]>;

/** The zone's own name servers, by its NS records or as configured ("10.77.0.1:53", "ns1.example.com"). */
export function zoneServers(configured: readonly string[], resolvers: readonly string[] = []): NameServers {
  return {
    addressesOf: async (domain, name) => {
      const names = configured.length > 0 ? configured : await delegated(domain);
      return Promise.all(names.map(async (one) => askServer(await serverOf(one), name)));
    },
    resolversOf: (name) =>
      Promise.all(resolvers.map(async (one) => askResolver(await serverOf(one, within(RESOLVER_TIMEOUT_MS)), name))),
  };
}

/** A zone that cannot be found has no servers; the switch then says so. */
async function delegated(domain: string): Promise<readonly string[]> {
  return lookUp(LOOKUP_TIMEOUT_MS, (resolver) => resolver.resolveNs(domain)).catch(() => []);
}

/** Where it can be asked. */
export async function serverOf(
  name: string,
  addressesOf: AddressesOf = within(LOOKUP_TIMEOUT_MS),
): Promise<Server | Unfound> {
  const [, host = name, port = '53'] = /^(.*?)(?::(\d+))?$/.exec(name) ?? [];
  if (isIP(host) !== 0) return { label: name, host, port: Number(port) };
  try {
    const [address] = await addressesOf(host);
    if (address !== undefined) return { label: `${host} (${address})`, host: address, port: Number(port) };
    return { label: host, problem: 'its address cannot be found' };
  } catch (error) {
    return { label: host, problem: `its address cannot be found (${codeOf(error)})` };
  }
}

function within(timeoutMs: number): AddressesOf {
  return (host) => lookUp(timeoutMs, (resolver) => resolver.resolve4(host));
}

async function askServer(server: Server | Unfound, name: string): Promise<NameAnswer> {
  if ('problem' in server) return { server: server.label, addresses: [], problem: server.problem, unfound: true };
  const { label, host, port } = server;
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

async function askResolver(server: Server | Unfound, name: string): Promise<ResolverAnswer> {
  if ('problem' in server) return { server: server.label, addresses: [], ttlSeconds: 0, problem: server.problem };
  const { label, host, port } = server;
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

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
