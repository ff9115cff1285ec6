import { z } from 'zod';
import { type Asking, FRESH_MS, type Known, NEVER_ASKED, NOBODY } from './answer.ts';
import { type Cache, cacheIn } from './cache.ts';
import { findingsOf, type Release, releaseIn, releaseSchema } from './debian-tracker.ts';
import { ask, NoAnswer } from './fetch.ts';
import type { SourcePackage } from './finding.ts';

/** The tracker's document has some 80 MB. */
const MOST_BYTES = 256 * 1024 * 1024;

const keptSchema = z.object({ url: z.string(), etag: z.string().optional(), at: z.number(), release: releaseSchema });
type Kept = z.infer<typeof keptSchema>;

/** Of the whole document the part of one release is kept, with its tag: it is sent again when it has changed. */
export async function askDebian(
  asking: Asking,
  url: string,
  codename: string,
  packages: readonly SourcePackage[],
): Promise<Known> {
  if (url === '') return NOBODY;
  const cache = cacheIn(asking.settings.directory, `debian-${codename}`, keptSchema);
  const all = await cache.read();
  const kept = all?.url === url ? all : undefined;
  const told = (known: Kept, stale?: string): Known => ({
    ...{ kind: 'checked', by: url, at: known.at, findings: findingsOf(known.release, packages) },
    ...(stale === undefined ? {} : { stale }),
  });
  if (asking.network === 'never') return kept === undefined ? NEVER_ASKED : told(kept);
  if (kept !== undefined && asking.nowMs - kept.at < FRESH_MS) return told(kept);
  try {
    return told(await renew(asking, { url, codename, kept, cache }));
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return kept === undefined ? { kind: 'not checked', why: error.message } : told(kept, error.message);
  }
}

interface Renewing {
  readonly url: string;
  readonly codename: string;
  readonly kept: Kept | undefined;
  readonly cache: Cache<Kept>;
}

async function renew({ settings, nowMs }: Asking, { url, codename, kept, cache }: Renewing): Promise<Kept> {
  const signal = AbortSignal.timeout(settings.config.image.vulnerabilities.timeout);
  const answer = await ask({ url, etag: kept?.etag, signal, maxBytes: MOST_BYTES });
  const fresh: Kept =
    answer.kind === 'unchanged' && kept !== undefined
      ? { ...kept, at: nowMs }
      : {
          url,
          at: nowMs,
          release: releaseOf(answer.kind === 'changed' ? answer.document : undefined, url, codename),
          ...(answer.kind === 'changed' && answer.etag !== undefined ? { etag: answer.etag } : {}),
        };
  await cache.write(fresh);
  return fresh;
}

function releaseOf(document: unknown, url: string, codename: string): Release {
  const release = releaseIn(document, codename);
  if (release === undefined) throw new NoAnswer(`${url} says nothing of release "${codename}"`);
  return release;
}
