import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Told } from '../memory/changes.ts';
import { KEY } from './client.ts';

export interface Listener {
  readonly told: readonly Told[];
  /** Resolves when so many messages have come. */
  heard(count: number): Promise<readonly Told[]>;
  /** How it ended: 1006 is without a close frame. */
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): void;
  /** Reads nothing more, not even that it should go. */
  goDeaf(): void;
  hearAgain(): void;
}

/** Somebody who listens to the changes. Rejects when the answer is not a WebSocket. */
export async function listen(port: number, query = '', key = KEY): Promise<Listener> {
  const headers = { authorization: `Bearer ${key}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/changes${query}`, { headers });
  onTestFinished(() => socket.terminate());
  const told: Told[] = [];
  let wake = (): void => {};
  socket.on('message', (data) => {
    told.push(JSON.parse(data.toString()));
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await once(socket, 'open');
  return {
    told,
    heard: (count) =>
      new Promise((resolve) => {
        wake = () => told.length >= count && resolve(told);
        wake();
      }),
    closed,
    close: () => socket.close(),
    goDeaf: () => socket.pause(),
    hearAgain: () => socket.resume(),
  };
}
