import { createSocket } from 'node:dgram';
import { Socket as TcpSocket } from 'node:net';

const FORWARD_TIMEOUT_MS = 3_000;
const DNS_PORT = 53;

export type Transport = 'udp' | 'tcp';

/** A resolver, as "1.1.1.1", "2606:4700::1111" or, on another port than 53, "127.0.0.1#5353". */
export type Resolver = string;

/** Asks as it came, over the same kind of connection; the first resolver that answers is believed. */
export async function forward(
  resolvers: readonly Resolver[],
  message: Buffer,
  via: Transport,
): Promise<Buffer | undefined> {
  for (const resolver of resolvers) {
    const [host = '', port = String(DNS_PORT)] = resolver.split('#');
    const answer = await (via === 'udp' ? overUdp : overTcp)(host, Number(port), message);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function overUdp(host: string, port: number, message: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const end = (answer?: Buffer): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(), FORWARD_TIMEOUT_MS);
    socket.on('message', (answer) => end(answer));
    socket.on('error', () => end());
    socket.connect(port, host, () => socket.send(message));
  });
}

function overTcp(host: string, port: number, message: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = new TcpSocket();
    let buffer = Buffer.alloc(0);
    const end = (answer?: Buffer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(FORWARD_TIMEOUT_MS, () => end());
    socket.on('error', () => end());
    socket.on('close', () => end());
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      const [first] = messagesIn(buffer).messages;
      if (first !== undefined) end(first);
    });
    socket.connect(port, host, () => socket.write(withLength(message)));
  });
}

/** DNS over TCP puts the length before each message. */
export function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The whole messages at the beginning of a stream, and what is left. */
export function messagesIn(stream: Buffer): { readonly messages: readonly Buffer[]; readonly rest: Buffer } {
  const messages: Buffer[] = [];
  let rest = stream;
  while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
    const end = 2 + rest.readUInt16BE(0);
    messages.push(rest.subarray(2, end));
    rest = rest.subarray(end);
  }
  return { messages, rest };
}
