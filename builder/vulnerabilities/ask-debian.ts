import { z } from 'zod';
import { type Asking, type Known, NOBODY } from './answer.ts';
import { cacheIn } from './cache.ts';
import { findingsOf, type Release, releaseIn, releaseSchema } from './debian-tracker.ts';
import { ask, NoAnswer } from './fetch.ts';
import type { SourcePackage } from './finding.ts';
import { keptOrAsked } from './kept-or-asked.ts';

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
  return keptOrAsked(asking, {
    ...{ url, cache, kept },
    findings: ({ release }) => findingsOf(release, packages),
    renew: () => renew(asking, { url, codename, kept }),
  });
}

interface Renewing {
  readonly url: string;
  readonly codename: string;
  readonly kept: Kept | undefined;
}

async function renew({ settings, nowMs }: Asking, { url, codename, kept }: Renewing): Promise<Kept> {
  const signal = AbortSignal.timeout(settings.config.image.vulnerabilities.timeout);
  const answer = await ask({ url, etag: kept?.etag, signal, maxBytes: MOST_BYTES });
  if (answer.kind === 'unchanged' && kept !== undefined) return { ...kept, at: nowMs };
  return {
    url,
    at: nowMs,
    release: releaseOf(answer.kind === 'changed' ? answer.document : undefined, url, codename),
    ...(answer.kind === 'changed' && answer.etag !== undefined ? { etag: answer.etag } : {}),
  };
}

function releaseOf(document: unknown, url: string, codename: string): Release {
  const release = releaseIn(document, codename);
  if (release === undefined) throw new NoAnswer(`${url} says nothing of release "${codename}"`);
  return release;
}
