import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import type { TrialMachine } from './machines.ts';
import { ground } from './pair.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** Sends an upload a piece at a time, as over a slow line; the app answers with the bytes that it received. */
export async function slowUpload(machine: TrialMachine, pieces: number, pauseMs: number): Promise<string> {
  const length = { 'content-length': String(pieces * CHUNK.length) };
  const sent = request({ ...wayTo(machine, '/upload'), method: 'POST', headers: length });
  const answered = answerOf(sent);
  void (async () => {
    for (let piece = 0; piece < pieces; piece += 1) {
      sent.write(CHUNK);
      await sleep(pauseMs);
    }
    sent.end();
  })();
  const answer = await answered;
  return `${answer.statusCode} ${await text(answer)}`;
}

function wayTo({ address }: TrialMachine, path: string) {
  const name = ground.settings.publicName;
  return { host: address, path, servername: name, ca: ground.trust, setHost: false, agent: false } as const;
}

function answerOf(sent: ClientRequest): Promise<IncomingMessage> {
  sent.setHeader('host', ground.settings.publicName);
  return new Promise((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
}

/** Reads a large answer a piece at a time; the bytes that came. */
export async function slowDownload(machine: TrialMachine, pauseMs: number): Promise<number> {
  const sent = request(wayTo(machine, '/download'));
  const answered = answerOf(sent);
  sent.end();
  let bytes = 0;
  for await (const chunk of await answered) {
    bytes += chunk.length;
    await sleep(pauseMs);
  }
  return bytes;
}

export interface Events {
  /** Resolves with the next event, at the moment at which it comes. */
  next(): Promise<void>;
  /** Resolves when the answer has come to its end; rejects when it was cut. */
  readonly ended: Promise<void>;
  close(): void;
}

/** An answer that goes on, as server-sent events do. */
export async function openEvents(machine: TrialMachine): Promise<Events> {
  const sent = request(wayTo(machine, '/events'));
  const answered = answerOf(sent);
  sent.end();
  const answer = (await answered).resume();
  const ended = new Promise<void>((resolve, reject) => answer.on('end', resolve).on('error', reject));
  // Whoever closes it does not ask how it ended.
  ended.catch(() => undefined);
  return {
    next: () => new Promise((resolve) => answer.once('data', () => resolve())),
    ended,
    close: () => sent.destroy(),
  };
}

export const uploadBytes = (pieces: number): number => pieces * CHUNK.length;

export interface Stream {
  /** Says something and waits until it came back. */
  echo(text: string): Promise<void>;
  readonly closed: Promise<void>;
  close(): void;
}

/** A connection that leaves HTTP by Upgrade, as a WebSocket does. */
export async function openStream(machine: TrialMachine): Promise<Stream> {
  const name = ground.settings.publicName;
  const socket = connect({ host: machine.address, port: 443, servername: name, ca: ground.trust });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.write(`GET /stream HTTP/1.1\r\nHost: ${name}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  await heard(socket, '101 Switching Protocols');
  return {
    echo: async (text) => {
      socket.write(text);
      await heard(socket, text);
    },
    closed,
    close: () => socket.destroy(),
  };
}

function heard(socket: TLSSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = '';
    const listen = (chunk: Buffer): void => {
      all += chunk.toString();
      if (!all.includes(text)) return;
      socket.off('data', listen);
      resolve();
    };
    socket.on('data', listen);
    socket.once('close', () => reject(new Error(`closed after: ${all.slice(0, 200)}`)));
  });
}
