import type { WebSocket } from 'ws';
import type { Entry, EntryId } from './entry.ts';
import type { Memory } from './memory.ts';

/** One message to whoever listens to the changes. A cursor says how far somebody has heard. */
export type Told =
  | { readonly cursor: string }
  | { readonly remembered: Omit<Entry, 'seq'>; readonly cursor: string }
  | { readonly forgotten: EntryId };

const PAGE = 100;
/** A listener that is this far behind is told to come again, instead of filling our memory. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** "Try again later". */
const TOO_SLOW_CODE = 1013;

/**
 * Tells `socket` every change from now on; with `after`, first all that is remembered since then.
 * What is on disk is told, nothing else: a write that is acknowledged is told to everybody.
 */
export function tellChanges(memory: Memory, socket: WebSocket, after: number | undefined): void {
  let told = after ?? memory.latest;
  let caughtUp = after === undefined;
  const stop = memory.watch((change) => {
    if ('delete' in change) say({ forgotten: change.delete });
    // Until then it is found where everything else is found.
    else if (caughtUp) remembered(change.put);
    if (socket.bufferedAmount <= MAX_WAITING_BYTES) return;
    stop();
    socket.close(TOO_SLOW_CODE, 'Too slow: come again with your cursor.');
  });
  socket.once('close', stop);
  say({ cursor: told.toString(36) });
  if (!caughtUp) catchUp();

  function say(message: Told, sent?: () => void): void {
    socket.send(JSON.stringify(message), sent);
  }

  function remembered({ seq, ...entry }: Entry, sent?: () => void): void {
    told = seq;
    say({ remembered: entry, cursor: seq.toString(36) }, sent);
  }

  /** A page, and the next one when it is on its way. */
  function catchUp(): void {
    if (socket.readyState !== socket.OPEN) return;
    const { entries } = memory.page(told, PAGE);
    const last = entries.at(-1);
    caughtUp = last === undefined;
    for (const entry of entries) remembered(entry, entry === last ? catchUp : undefined);
  }
}
