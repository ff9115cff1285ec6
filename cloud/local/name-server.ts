import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import dns from 'dns-packet';
import { forward, messagesIn, type Resolver, type Transport, withLength } from './name-forward.ts';
import { type Found, look, type Zone, zoneOf } from './zone.ts';

export interface NameServerOptions {
  readonly address: string;
  /** 0 takes a free one, the same for UDP and TCP. */
  readonly port: number;
  /** Zones that are answered here, with their records as they are now. */
  readonly zones: () => readonly Zone[];
  /** Resolvers that every other name is asked of. */
  readonly upstream: readonly Resolver[];
}

export interface RunningNameServer {
  readonly port: number;
  close(): Promise<void>;
}

const IDLE_TIMEOUT_MS = 10_000;
/** What a client takes over UDP that does not say how much (RFC 1035), and what is sent at most to one that does. */
const PLAIN_UDP_BYTES = 512;
const MOST_UDP_BYTES = 1232;
const SERVFAIL = 2;
const NXDOMAIN = 3;

/** Answers the local cloud's zones with authority over UDP and TCP; other names come from this computer's resolvers. */
export async function startNameServer(options: NameServerOptions): Promise<RunningNameServer> {
  const connections = new Set<TcpSocket>();
  const tcp = createServer((socket) => {
    connections.add(socket.on('close', () => connections.delete(socket)));
    serveTcp(options, socket);
  });
  // First: of the ports that the system may choose, connections take many by TCP and hardly any by UDP.
  tcp.listen(options.port, options.address);
  await once(tcp, 'listening');
  const port = portOf(tcp);
  const udp = createSocket('udp4');
  udp.bind(port, options.address);
  await once(udp, 'listening').catch((error: unknown) => {
    tcp.close();
    throw error;
  });
  serveUdp(options, udp);
  const close = async (): Promise<void> => {
    udp.close();
    for (const socket of connections) socket.destroy();
    await new Promise<void>((resolve) => tcp.close(() => resolve()));
  };
  return { port, close };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the name server listens on no port');
  return address.port;
}

/** Nothing that comes in may end the server: what cannot be answered is dropped. */
function serveUdp(options: NameServerOptions, udp: Socket): void {
  udp.on('error', (error) => console.error('name server:', error));
  udp.on('message', (message, from) => {
    respond(options, message, 'udp')
      .then((answer) => answer && udp.send(answer, from.port, from.address))
      .catch((error: unknown) => console.error('name server:', error));
  });
}

function serveTcp(options: NameServerOptions, socket: TcpSocket): void {
  let stream = Buffer.alloc(0);
  socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const { messages, rest } = messagesIn(Buffer.concat([stream, chunk]));
    stream = Buffer.from(rest);
    for (const message of messages) {
      respond(options, message, 'tcp')
        .then((answer) => (answer === undefined ? socket.destroy() : socket.write(withLength(answer))))
        .catch(() => socket.destroy());
    }
  });
}

async function respond(options: NameServerOptions, message: Buffer, via: Transport): Promise<Buffer | undefined> {
  const query = decode(message);
  const question = query?.questions?.[0];
  if (query === undefined || question === undefined || query.type !== 'query') return undefined;
  const name = question.name.toLowerCase();
  const zone = zoneOf(options.zones(), name);
  if (zone === undefined) return (await forward(options.upstream, message, via)) ?? failure(query);
  try {
    return answerFrom(zone, query, name, question.type, via);
  } catch {
    // A record that no packet can carry.
    return failure(query);
  }
}

function answerFrom(zone: Zone, query: dns.DecodedPacket, name: string, type: string, via: Transport): Buffer {
  const found = look(zone, name, type);
  const answer = encode(query, found);
  if (via === 'tcp' || answer.length <= udpLimit(query)) return answer;
  return encode(query, { ...found, answers: [], authorities: [] }, dns.TRUNCATED_RESPONSE);
}

function decode(message: Buffer): dns.DecodedPacket | undefined {
  try {
    return dns.decode(message);
  } catch {
    return undefined;
  }
}

function udpLimit({ additionals = [] }: dns.DecodedPacket): number {
  const option = additionals.find((one) => one.type === 'OPT');
  if (option === undefined || !('udpPayloadSize' in option)) return PLAIN_UDP_BYTES;
  return Math.min(MOST_UDP_BYTES, Math.max(PLAIN_UDP_BYTES, option.udpPayloadSize));
}

function encode(query: dns.DecodedPacket, found: Found, flags = 0): Buffer {
  const code = found.exists ? 0 : NXDOMAIN;
  return dns.encode({
    ...header(query, dns.AUTHORITATIVE_ANSWER | flags | code),
    answers: found.answers,
    authorities: found.authorities,
  });
}

function failure(query: dns.DecodedPacket): Buffer {
  return dns.encode(header(query, SERVFAIL));
}

function header(query: dns.DecodedPacket, flags: number): dns.Packet {
  return {
    type: 'response',
    id: query.id ?? 0,
    flags: dns.RECURSION_AVAILABLE | ((query.flags ?? 0) & dns.RECURSION_DESIRED) | flags,
    questions: query.questions ?? [],
  };
}
