import { setImmediate } from 'node:timers/promises';
import type { Change, Entry, EntryId } from './entry.ts';
import { sizeOf } from './entry.ts';
import { firstPage, type Page } from './page.ts';

/** Other requests get their turn after this many entries have been searched. */
const SEARCH_SLICE = 100;

/** Everything remembered and durable, oldest first. */
export interface Contents {
  get(id: EntryId): Entry | undefined;
  page(after: number, limit: number): Page;
  search(words: readonly string[], after: number, limit: number): Promise<Page>;
  apply(change: Change): void;
  /** The entries as they are now; later changes do not show in it. */
  snapshot(): readonly Entry[];
  readonly count: number;
  readonly bytes: number;
  /** The `seq` of the next entry. */
  readonly nextSeq: number;
}

/** `entries` in the order of their `seq`. */
export function createContents(entries: readonly Entry[], nextSeq: number): Contents {
  const order = [...entries];
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  let bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  let next = nextSeq;

  function forget(id: EntryId): void {
    const entry = byId.get(id);
    if (entry === undefined) return;
    byId.delete(id);
    order.splice(firstAfter(order, entry.seq - 1), 1);
    bytes -= sizeOf(entry);
  }

  function remember(entry: Entry): void {
    order.push(entry);
    byId.set(entry.id, entry);
    bytes += sizeOf(entry);
    next = entry.seq + 1;
  }

  function page(after: number, limit: number): Page {
    const start = firstAfter(order, after);
    return firstPage(order.slice(start, start + limit + 1), limit);
  }

  async function search(words: readonly string[], after: number, limit: number): Promise<Page> {
    const found: Entry[] = [];
    let position = after;
    for (;;) {
      const start = firstAfter(order, position);
      const slice = order.slice(start, start + SEARCH_SLICE);
      for (const entry of slice) if (found.length <= limit && matches(entry, words)) found.push(entry);
      const last = slice.at(-1);
      if (last === undefined || found.length > limit) return firstPage(found, limit);
      position = last.seq;
      await setImmediate();
    }
  }

  return {
    get: (id) => byId.get(id),
    page,
    search,
    apply: (change) => ('put' in change ? remember(change.put) : forget(change.delete)),
    snapshot: () => [...order],
    get count() {
      return order.length;
    },
    get bytes() {
      return bytes;
    },
    get nextSeq() {
      return next;
    },
  };
}

/** Index of the first entry with a greater `seq`, by halving. */
function firstAfter(order: readonly Entry[], seq: number): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = order[middle];
    if (entry !== undefined && entry.seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function matches(entry: Entry, words: readonly string[]): boolean {
  const text = `${entry.content}\n${entry.tags.join('\n')}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
