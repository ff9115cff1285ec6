import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, Socket as TcpSocket } from 'node:net';
import dns from 'dns-packet';

export interface ZoneRecord {
  readonly type: string;
  /** Relative to the zone; "" is the apex. */
  readonly name: string;
  readonly data: string;
  readonly ttl: number;
}

export interface NameServerOptions {
  readonly address: string;
  /** 0 takes a free one, the same for UDP and TCP. */
  readonly port: number;
  /** Zones that are answered here, with their records as they are now. */
  readonly zones: () => readonly { readonly domain: string; readonly records: readonly ZoneRecord[] }[];
  /** Resolvers that every other name is asked of: "1.1.1.1". */
  readonly upstream: readonly string[];
}

export interface RunningNameServer {
  readonly port: number;
  close(): Promise<void>;
}

const FORWARD_TIMEOUT_MS = 3_000;
const NEGATIVE_TTL_SECONDS = 5;
const CNAME_LIMIT = 8;
const UDP_LIMIT_BYTES = 1232;

/** Answers the local cloud's zones with authority over UDP and TCP; other names come from this computer's resolvers. */
export async function startNameServer(options: NameServerOptions): Promise<RunningNameServer> {
  const udp = createSocket('udp4');
  udp.on('message', (message, from) => {
    respond(options, message, 'udp').then(
      (answer) => answer && udp.send(answer, from.port, from.address),
      () => undefined,
    );
  });
  udp.bind(options.port, options.address);
  await once(udp, 'listening');
  const { port } = udp.address();
  const tcp = createServer((socket) => serveTcp(options, socket));
  tcp.listen(port, options.address);
  await once(tcp, 'listening');
  return { port, close: () => closeBoth(udp, tcp) };
}

async function closeBoth(udp: Socket, tcp: Server): Promise<void> {
  udp.close();
  await new Promise<void>((resolve) => tcp.close(() => resolve()));
}

function serveTcp(options: NameServerOptions, socket: TcpSocket): void {
  let buffer = Buffer.alloc(0);
  socket.setTimeout(10_000, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
      const message = buffer.subarray(2, 2 + buffer.readUInt16BE(0));
      buffer = buffer.subarray(2 + message.length);
      respond(options, message, 'tcp').then(
        (answer) => answer && socket.write(withLength(answer)),
        () => socket.destroy(),
      );
    }
  });
}

function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

async function respond(options: NameServerOptions, message: Buffer, via: 'udp' | 'tcp'): Promise<Buffer | undefined> {
  const query = decode(message);
  const question = query?.questions?.[0];
  if (query === undefined || question === undefined || query.type !== 'query') return undefined;
  const name = question.name.toLowerCase();
  const zone = options.zones().find(({ domain }) => name === domain || name.endsWith(`.${domain}`));
  if (zone === undefined) return forward(options.upstream, message, via);
  const found = look(zone, name, question.type);
  const answer = encode(query, found);
  if (via === 'tcp' || answer.length <= UDP_LIMIT_BYTES) return answer;
  return encode(query, { ...found, answers: [] }, dns.TRUNCATED_RESPONSE);
}

function decode(message: Buffer): dns.DecodedPacket | undefined {
  try {
    return dns.decode(message);
  } catch {
    return undefined;
  }
}

interface Found {
  readonly answers: dns.Answer[];
  readonly authorities: dns.Answer[];
  readonly exists: boolean;
}

function look(zone: ReturnType<NameServerOptions['zones']>[number], name: string, type: string): Found {
  const answers: dns.Answer[] = [];
  let wanted = name;
  for (let hop = 0; hop < CNAME_LIMIT; hop += 1) {
    const at = recordsAt(zone, wanted);
    const exact = at.filter((record) => record.type === type || type === 'ANY');
    const alias = at.find((record) => record.type === 'CNAME');
    if (exact.length > 0 || alias === undefined) {
      answers.push(...exact.flatMap((record) => answerOf(wanted, record)));
      const soa = type === 'SOA' && wanted === zone.domain ? [soaOf(zone.domain)] : [];
      const all = [...answers, ...soa];
      const exists = at.length > 0 || wanted === zone.domain || hop > 0;
      return { answers: all, authorities: all.length === 0 ? [soaOf(zone.domain)] : [], exists };
    }
    answers.push(...answerOf(wanted, alias));
    wanted = alias.data.replace(/\.$/, '').toLowerCase();
  }
  return { answers, authorities: [], exists: true };
}

function recordsAt(
  { domain, records }: ReturnType<NameServerOptions['zones']>[number],
  name: string,
): readonly ZoneRecord[] {
  const relative = name === domain ? '' : name.slice(0, -domain.length - 1);
  const exact = records.filter((record) => record.name.toLowerCase() === relative);
  return exact.length > 0 || relative === '' ? exact : records.filter((record) => record.name === '*');
}

function answerOf(name: string, { type, data, ttl }: ZoneRecord): dns.Answer[] {
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'NS':
      return [{ type, name, ttl, data }];
    case 'TXT':
      return [{ type, name, ttl, data: [data.replace(/^"|"$/g, '')] }];
    case 'MX':
      return [{ type, name, ttl, data: { preference: 10, exchange: data } }];
    default:
      return [];
  }
}

function soaOf(domain: string): dns.Answer {
  return {
    type: 'SOA',
    name: domain,
    ttl: NEGATIVE_TTL_SECONDS,
    data: {
      mname: 'ns1.vultr.com',
      rname: `hostmaster.${domain}`,
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: NEGATIVE_TTL_SECONDS,
    },
  };
}

const NXDOMAIN = 3;

function encode(query: dns.DecodedPacket, found: Found, flags = 0): Buffer {
  return dns.encode({
    type: 'response',
    id: query.id ?? 0,
    flags:
      dns.AUTHORITATIVE_ANSWER |
      dns.RECURSION_AVAILABLE |
      ((query.flags ?? 0) & dns.RECURSION_DESIRED) |
      flags |
      (found.exists ? 0 : NXDOMAIN),
    questions: query.questions ?? [],
    answers: found.answers,
    authorities: found.authorities,
  });
}

/** As it came, over the same kind of connection, to the first resolver that answers. */
async function forward(upstream: readonly string[], message: Buffer, via: 'udp' | 'tcp'): Promise<Buffer | undefined> {
  for (const server of upstream) {
    const answer = await (via === 'udp' ? forwardUdp(server, message) : forwardTcp(server, message));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function forwardUdp(server: string, message: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
    const end = (answer?: Buffer): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(), FORWARD_TIMEOUT_MS);
    socket.once('message', (answer) => end(answer));
    socket.once('error', () => end());
    socket.send(message, 53, server);
  });
}

function forwardTcp(server: string, message: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = new TcpSocket();
    let buffer = Buffer.alloc(0);
    const end = (answer?: Buffer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(FORWARD_TIMEOUT_MS, () => end());
    socket.once('error', () => end());
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      if (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0))
        end(buffer.subarray(2, 2 + buffer.readUInt16BE(0)));
    });
    socket.connect(53, server, () => socket.write(withLength(message)));
  });
}
