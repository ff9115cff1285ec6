import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Asking, type Known, NOBODY } from './answer.ts';
import { cacheIn } from './cache.ts';
import { ask, NoAnswer } from './fetch.ts';
import type { SourcePackage } from './finding.ts';
import { keptOrAsked } from './kept-or-asked.ts';
import { batchSchema, ecosystemOf, findingsOf, isOfCve, type OsvRecord, recordSchema } from './osv.ts';

const MOST_BYTES = 32 * 1024 * 1024;
/** The server's own limit. */
const MOST_QUERIES = 1000;
const MOST_PAGES = 20;
const MOST_RECORDS = 5000;
const SIDE_BY_SIDE = 8;

const keptSchema = z.object({ url: z.string(), at: z.number(), asked: z.string(), records: z.array(recordSchema) });

interface Wanted {
  readonly image: string;
  /** "24.04" */
  readonly version: string;
  readonly packages: readonly SourcePackage[];
}

/** The server is asked which records there are for these packages; a record that is here and has not changed is not asked for again. */
export async function askOsv(asking: Asking, url: string, { image, version, packages }: Wanted): Promise<Known> {
  if (url === '') return NOBODY;
  const ecosystem = ecosystemOf(version);
  const cache = cacheIn(asking.settings.directory, `osv-${image}`, keptSchema);
  const asked = createHash('sha256')
    .update(JSON.stringify([ecosystem, packages]))
    .digest('hex');
  const all = await cache.read();
  const kept = all?.url === url && all.asked === asked ? all : undefined;
  return keptOrAsked(asking, {
    ...{ url, cache, kept },
    findings: ({ records }) => findingsOf(records, ecosystem, packages),
    renew: async () => {
      const signal = AbortSignal.timeout(asking.settings.config.image.vulnerabilities.timeout);
      const records = await recordsFor({ url, signal, ecosystem, packages }, all?.records ?? []);
      return { url, at: asking.nowMs, asked, records: [...records] };
    },
  });
}

interface Server {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly ecosystem: string;
  readonly packages: readonly SourcePackage[];
}

async function recordsFor(server: Server, here: readonly OsvRecord[]): Promise<readonly OsvRecord[]> {
  const names = await namesOf(server);
  if (names.size > MOST_RECORDS) throw new NoAnswer(`${server.url} has ${names.size} records for one image`);
  const byId = new Map(here.map((record) => [record.id, record]));
  const wanted = [...names];
  const records: OsvRecord[] = [];
  for (let begin = 0; begin < wanted.length; begin += SIDE_BY_SIDE) {
    const some = wanted.slice(begin, begin + SIDE_BY_SIDE).map(async ([id, modified]) => {
      const known = byId.get(id);
      return known?.modified === modified ? known : get(server, id);
    });
    records.push(...(await Promise.all(some)));
  }
  return records;
}

/** Record -> when it was changed. */
async function namesOf({ url, signal, ecosystem, packages }: Server): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (let begin = 0; begin < packages.length; begin += MOST_QUERIES) {
    let queries: object[] = packages
      .slice(begin, begin + MOST_QUERIES)
      .map(({ source, version }) => ({ package: { name: source, ecosystem }, version }));
    for (let page = 0; queries.length > 0; page += 1) {
      if (page === MOST_PAGES) throw new NoAnswer(`${url} has more than ${MOST_PAGES} pages for one image`);
      const answer = await ask({
        url: `${url}/querybatch`,
        method: 'POST',
        body: JSON.stringify({ queries }),
        signal,
        maxBytes: MOST_BYTES,
      });
      const { results } = read(batchSchema, answer, `${url}/querybatch`);
      for (const { id, modified } of results.flatMap(({ vulns }) => vulns)) if (isOfCve(id)) names.set(id, modified);
      queries = results.flatMap(({ next_page_token: token }, index) =>
        token === undefined ? [] : [{ ...queries[index], page_token: token }],
      );
    }
  }
  return names;
}

async function get({ url, signal }: Server, id: string): Promise<OsvRecord> {
  const path = `${url}/vulns/${encodeURIComponent(id)}`;
  return read(recordSchema, await ask({ url: path, signal, maxBytes: MOST_BYTES }), path);
}

function read<T>(schema: z.ZodType<T>, answer: Awaited<ReturnType<typeof ask>>, url: string): T {
  const parsed = schema.safeParse(answer.kind === 'changed' ? answer.document : undefined);
  if (!parsed.success) throw new NoAnswer(`${url} answers with what is no OSV`);
  return parsed.data;
}
