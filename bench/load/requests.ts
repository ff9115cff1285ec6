import type { Outside } from '../../demo/outside.ts';
import { type Counting, reasonOf } from './tally.ts';
import type { Way } from './ways.ts';

/** In all, over every way. */
const REQUESTS_PER_SECOND = 220;
/** Each fourth is a write; the others read what was written. */
const WRITE_EVERY = 4;
const TICK_MS = 10;

/**
 * Reads and writes at a steady pace, whether the ones before are answered or not: a request that waits does not slow the
 * others down, and what it takes is counted from the moment at which it should have been sent.
 */
export function startRequests(outside: Outside, ways: readonly Way[], label: string, counting: Counting) {
  const begunMs = performance.now();
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - begunMs) / 1000) * REQUESTS_PER_SECOND);
    for (; sent < due; sent += 1) {
      const dueMs = begunMs + (sent / REQUESTS_PER_SECOND) * 1000;
      const way = ways[sent % ways.length];
      if (way === undefined) continue;
      const request = (sent >> 1) % WRITE_EVERY === 0 ? write(way, dueMs, `${label}-${sent}`) : read(way, dueMs, sent);
      underWay.add(request);
      void request.finally(() => underWay.delete(request));
    }
  }, TICK_MS);

  async function ask(way: Way, dueMs: number, what: string, body: string | null, check: Check): Promise<void> {
    try {
      const { statusCode, body: answer } = await way.pool().request({
        method: body === null ? 'GET' : 'POST',
        path: what,
        headers: headersOf(outside),
        body,
      });
      const wrong = check(statusCode, await answer.text());
      if (wrong === undefined) counting.answered(performance.now() - dueMs);
      else counting.failures.push(`${way.how}, ${what}: ${wrong}`);
    } catch (error) {
      counting.failures.push(`${way.how}, ${what}: ${reasonOf(error)}`);
    }
  }

  function write(way: Way, dueMs: number, id: string): Promise<void> {
    return ask(way, dueMs, '/memory', JSON.stringify({ id, content: contentOf(id) }), (status, text) => {
      const wrong = notThis(status, 201, text, id);
      if (wrong === undefined) counting.acknowledged.push(id);
      return wrong;
    });
  }

  function read(way: Way, dueMs: number, count: number): Promise<void> {
    const { acknowledged } = counting;
    const id = acknowledged[(count * 7919) % Math.max(1, acknowledged.length)];
    if (id === undefined) {
      return ask(way, dueMs, '/health', null, (status, text) =>
        status === 200 ? undefined : `HTTP ${status} ${text}`,
      );
    }
    return ask(way, dueMs, `/memory/${id}`, null, (status, text) => notThis(status, 200, text, id));
  }

  return {
    stop: async (): Promise<void> => {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

type Check = (status: number, text: string) => string | undefined;

export function headersOf({ apiKey }: Outside): Record<string, string> {
  return { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
}

/** As long as asked for, or as short as it can be. */
export function contentOf(id: string, characters = 0): string {
  return `what ${id} was to keep `.padEnd(characters, 'x');
}

/** What is wrong with an answer that should show one entry. */
function notThis(status: number, expected: number, text: string, id: string): string | undefined {
  if (status !== expected) return `HTTP ${status} ${text.slice(0, 100)}`;
  if (text.includes(`"id":"${id}"`) && text.includes(`"content":"${contentOf(id)}`)) return undefined;
  return `another answer: ${text.slice(0, 100)}`;
}
