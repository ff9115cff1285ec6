import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import type { TrialMachine } from './machines.ts';
import { ground } from './pair.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** Sends an upload a piece at a time, as over a slow line; the app answers with the bytes that it received. */
export function slowUpload(machine: TrialMachine, pieces: number, pauseMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const { address } = machine;
    const sent = request(
      {
        host: address,
        path: '/upload',
        method: 'POST',
        servername: ground.settings.publicName,
        ca: ground.trust,
        headers: { host: ground.settings.publicName, 'content-length': String(pieces * CHUNK.length) },
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        answer.on('end', () => resolve(`${answer.statusCode} ${text}`));
      },
    );
    sent.on('error', reject);
    void (async () => {
      for (let piece = 0; piece < pieces; piece += 1) {
        sent.write(CHUNK);
        await sleep(pauseMs);
      }
      sent.end();
    })();
  });
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
