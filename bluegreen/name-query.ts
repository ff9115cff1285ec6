import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import dns from 'dns-packet';

export type Transport = 'udp' | 'tcp';

export interface Question {
  readonly host: string;
  readonly port: number;
  /** The full name, without a final dot. */
  readonly name: string;
  readonly via: Transport;
  readonly timeoutMs: number;
  /** A resolver is asked to find it out; a name server to say what it has. */
  readonly recursive: boolean;
}

export type Reply =
  /** Sorted; empty when it says that there is none. The TTL is what is left of it, 0 where there is no record. */
  | { readonly addresses: readonly string[]; readonly ttlSeconds: number }
  /** Why there is no answer. */
  | { readonly problem: string };

const LENGTH_BYTES = 2;
const MOST_IDS = 65_536;

/** Asks one server for the A records of a name, once, by one way: what it says itself, past every cache here. */
export async function askForAddresses(question: Question): Promise<Reply> {
  const id = randomInt(MOST_IDS);
  const message = dns.encode({
    type: 'query',
    id,
    flags: question.recursive ? dns.RECURSION_DESIRED : 0,
    questions: [{ type: 'A', name: question.name, class: 'IN' }],
  });
  try {
    const answer = dns.decode(await (question.via === 'udp' ? overUdp : overTcp)(question, message));
    return answer.id === id ? readReply(answer) : { problem: 'an answer to another question' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { problem: `no answer (${code})` };
  }
}

const RCODE_BITS = 0xf;
const NOERROR = 0;
const NXDOMAIN = 3;

function readReply({ flags = 0, answers = [] }: dns.DecodedPacket): Reply {
  if ((flags & dns.TRUNCATED_RESPONSE) !== 0) return { problem: 'an answer that is cut off' };
  const rcode = flags & RCODE_BITS;
  if (rcode !== NOERROR && rcode !== NXDOMAIN) return { problem: `it answers with error ${rcode}` };
  const records = answers.flatMap((one) =>
    one.type === 'A' ? [{ address: String(one.data), ttl: one.ttl ?? 0 }] : [],
  );
  const ttls = records.map(({ ttl }) => ttl);
  return {
    addresses: records.map(({ address }) => address).sort(),
    ttlSeconds: ttls.length === 0 ? 0 : Math.min(...ttls),
  };
}

function overUdp({ host, port, timeoutMs }: Question, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const end = (act: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => undefined);
      socket.close();
      act();
    };
    const timer = setTimeout(() => end(() => reject(timedOut())), timeoutMs);
    socket.on('message', (answer) => end(() => resolve(answer)));
    socket.on('error', (error) => end(() => reject(error)));
    // Connected: only that server's answer is taken, and a port where nobody listens is told at once.
    socket.connect(port, host, () => socket.send(message));
  });
}

function overTcp({ host, port, timeoutMs }: Question, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let stream = Buffer.alloc(0);
    const end = (act: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const timer = setTimeout(() => end(() => reject(timedOut())), timeoutMs);
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('end', () => end(() => reject(Object.assign(new Error('it hung up'), { code: 'ECONNRESET' }))));
    socket.on('connect', () => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    });
    socket.on('data', (chunk: Buffer) => {
      stream = Buffer.concat([stream, chunk]);
      if (stream.length < LENGTH_BYTES || stream.length < LENGTH_BYTES + stream.readUInt16BE(0)) return;
      const whole = stream.subarray(LENGTH_BYTES, LENGTH_BYTES + stream.readUInt16BE(0));
      end(() => resolve(whole));
    });
  });
}

function timedOut(): Error {
  return Object.assign(new Error('timeout'), { code: 'ETIMEOUT' });
}
