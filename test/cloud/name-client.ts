import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import dns from 'dns-packet';
import { messagesIn, withLength } from '../../cloud/local/name-forward.ts';

/** `ednsBytes`: what the client says that it takes over UDP; nothing by default. */
export function question(name: string, type: dns.RecordType, ednsBytes?: number): Buffer {
  return dns.encode({
    type: 'query',
    id: 4711,
    flags: dns.RECURSION_DESIRED,
    questions: [{ type, name, class: 'IN' }],
    ...(ednsBytes === undefined
      ? {}
      : {
          additionals: [
            {
              type: 'OPT',
              name: '.',
              udpPayloadSize: ednsBytes,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ],
        }),
  });
}

/** Sends them all, and returns the first answer. */
export async function overUdp(port: number, ...messages: readonly Buffer[]): Promise<dns.DecodedPacket> {
  const socket = createSocket('udp4');
  for (const message of messages) socket.send(message, port, '127.0.0.1');
  const [answer] = await once(socket, 'message');
  socket.close();
  return dns.decode(answer);
}

/** All in one write; as many answers as questions. */
export async function overTcp(port: number, ...messages: readonly Buffer[]): Promise<readonly dns.DecodedPacket[]> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.concat(messages.map(withLength)));
  const answers = await answersOf(socket, messages.length);
  socket.destroy();
  return answers;
}

export async function answersOf(socket: Socket, count: number): Promise<readonly dns.DecodedPacket[]> {
  let stream = Buffer.alloc(0);
  for await (const chunk of socket) {
    stream = Buffer.concat([stream, chunk]);
    const { messages } = messagesIn(stream);
    if (messages.length >= count) return messages.map((one) => dns.decode(Buffer.from(one)));
  }
  throw new Error('the connection ended');
}

export const ask = (port: number, name: string, type: dns.RecordType) => overUdp(port, question(name, type));
