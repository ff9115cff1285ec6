import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outside } from '../../demo/outside.ts';
import { contentOf, headersOf } from './requests.ts';
import { type Counting, reasonOf } from './tally.ts';
import type { Way } from './ways.ts';

/** A new one each quarter of a second, three seconds long: there is always one that ends just then. */
const START_EVERY_MS = 250;
const PIECES = 12;
const PIECE_PAUSE_MS = 250;
const CHARACTERS = 4_000;
/** The largest that the app takes: under way from the beginning of the round to its end. */
const LONG_CHARACTERS = 100_000;
const LONG_PIECES = 1_000;
const LONG_PAUSE_MS = 250;

/** Uploads as over a slow line, one after another, and one that lasts for the whole round. */
export function startUploads(outside: Outside, ways: readonly Way[], label: string, counting: Counting) {
  const stopping = new AbortController();
  const underWay: Promise<void>[] = [];
  let count = 0;

  const start = (way: Way | undefined, id: string, characters: number, pieces: number, pauseMs: number): void => {
    if (way === undefined) return;
    const body = Buffer.from(JSON.stringify({ id, content: contentOf(id, characters) }));
    let lastSentMs = 0;
    async function* slowly(): AsyncGenerator<Buffer> {
      const size = Math.ceil(body.length / pieces);
      for (let at = 0; at < body.length; at += size) {
        // Once the round is over there is no need to be slow.
        if (!stopping.signal.aborted) await sleep(pauseMs);
        lastSentMs = performance.now();
        yield body.subarray(at, at + size);
      }
    }
    underWay.push(send(way, id, body.length, slowly, () => performance.now() - lastSentMs));
  };

  async function send(
    way: Way,
    id: string,
    length: number,
    slowly: () => AsyncGenerator<Buffer>,
    tookMs: () => number,
  ): Promise<void> {
    try {
      const { statusCode, body } = await way.pool().request({
        method: 'POST',
        path: '/memory',
        headers: { ...headersOf(outside), 'content-length': String(length) },
        body: Readable.from(slowly()),
      });
      const text = await body.text();
      if (statusCode !== 201) throw new Error(`HTTP ${statusCode} ${text.slice(0, 100)}`);
      counting.acknowledged.push(id);
      counting.uploads.whole += 1;
      counting.answered(tookMs());
    } catch (error) {
      counting.uploads.cut.push(`${way.how}, upload ${id}: ${reasonOf(error)}`);
    }
  }

  for (const [index, way] of ways.entries())
    start(way, `${label}-long-upload-${index}`, LONG_CHARACTERS, LONG_PIECES, LONG_PAUSE_MS);
  const timer = setInterval(() => {
    count += 1;
    start(ways[count % ways.length], `${label}-upload-${count}`, CHARACTERS, PIECES, PIECE_PAUSE_MS);
  }, START_EVERY_MS);

  return {
    stop: async (): Promise<void> => {
      clearInterval(timer);
      stopping.abort();
      await Promise.all(underWay);
    },
  };
}
