import { type Asking, FRESH_MS, type Known, NEVER_ASKED } from './answer.ts';
import type { Cache } from './cache.ts';
import { NoAnswer } from './fetch.ts';
import type { Finding } from './finding.ts';

export interface Source<T> {
  readonly url: string;
  readonly cache: Cache<T>;
  /** What is kept of the same question; undefined for nothing. */
  readonly kept: T | undefined;
  readonly findings: (kept: T) => readonly Finding[];
  /** Asks the network; NoAnswer where that does not answer. */
  readonly renew: () => Promise<T>;
}

/** What is kept while it is fresh, or where the network may not be asked or does not answer; else what it answers, which is kept. */
export async function keptOrAsked<T extends { readonly at: number }>(
  { network, nowMs }: Asking,
  { url, cache, kept, findings, renew }: Source<T>,
): Promise<Known> {
  const told = (known: T, stale?: string): Known => ({
    ...{ kind: 'checked', by: url, at: known.at, findings: findings(known) },
    ...(stale === undefined ? {} : { stale }),
  });
  if (network === 'never') return kept === undefined ? NEVER_ASKED : told(kept);
  if (kept !== undefined && nowMs - kept.at < FRESH_MS) return told(kept);
  try {
    const fresh = await renew();
    await cache.write(fresh);
    return told(fresh);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return kept === undefined ? { kind: 'not checked', why: error.message } : told(kept, error.message);
  }
}
