import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { lookupOf, type Outside } from '../../demo/outside.ts';
import { type Counting, reasonOf } from './tally.ts';
import type { Way } from './ways.ts';

const NO_CLOSE_FRAME = 1006;
const OPEN_TIMEOUT_MS = 60_000;
const AGAIN_MS = 100;
/** What was acknowledged last is told within this. */
const LAST_WORD_MS = 3_000;

/** On each way somebody who listens to all changes; when he is sent away he comes again, and says how far he has heard. */
export function startSockets(outside: Outside, ways: readonly Way[], counting: Counting) {
  const listeners = ways.map((way) => startListening(outside, way, counting));
  return {
    opened: async (): Promise<void> => void (await Promise.all(listeners.map(({ opened }) => opened))),
    /** Everything that was acknowledged must have been told to everybody. */
    stop: async (): Promise<void> => void (await Promise.all(listeners.map(({ stop }) => stop()))),
  };
}

function startListening(outside: Outside, way: Way, counting: Counting) {
  const told = new Set<string>();
  const { sockets } = counting;
  const agent = new Agent({ secureContext: way.secureContext, lookup: lookupOf(way.find) });
  let cursor = '';
  let running = true;
  let socket: WebSocket | undefined;

  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const query = cursor === '' ? '' : `?cursor=${cursor}`;
      const opening = new WebSocket(`wss://${outside.name}/changes${query}`, {
        agent,
        handshakeTimeout: OPEN_TIMEOUT_MS,
        headers: { authorization: `Bearer ${outside.apiKey}` },
      });
      socket = opening;
      let opened = false;
      let broken: unknown = 'no close frame';
      opening.on('open', () => {
        opened = true;
        resolve();
      });
      opening.on('message', (data) => {
        const message: { cursor?: string; remembered?: { id: string } } = JSON.parse(data.toString());
        cursor = message.cursor ?? cursor;
        if (message.remembered !== undefined) told.add(message.remembered.id);
      });
      opening.on('error', (error) => {
        broken = error;
        reject(error);
      });
      opening.on('close', (code) => {
        if (!running || !opened) return;
        if (code === NO_CLOSE_FRAME) sockets.cut.push(`${way.how}, a WebSocket: ${reasonOf(broken)}`);
        else sockets.closed += 1;
        void again();
      });
    });

  async function again(): Promise<void> {
    while (running) {
      try {
        return await open();
      } catch (error) {
        sockets.cut.push(`${way.how}, opening a WebSocket again: ${reasonOf(error)}`);
        await sleep(AGAIN_MS);
      }
    }
  }

  return {
    opened: open(),
    stop: async (): Promise<void> => {
      const untold = () => counting.acknowledged.filter((id) => !told.has(id));
      const end = performance.now() + LAST_WORD_MS;
      while (untold().length > 0 && performance.now() < end) await sleep(AGAIN_MS);
      running = false;
      sockets.untold.push(...untold().map((id) => `${way.how}, told nothing of ${id}`));
      socket?.close();
    },
  };
}
