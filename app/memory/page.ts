import type { Entry } from './entry.ts';

export interface Page {
  readonly entries: readonly Entry[];
  /** The `seq` to continue after; undefined at the end. */
  readonly next: number | undefined;
}

/** A page ends after this many characters, whatever its limit: an answer is made in memory, and all at once. */
const PAGE_CHARACTERS = 4_000_000;

/** The beginning of `entries`; there is a next page when something is left. */
export function firstPage(entries: readonly Entry[], limit: number): Page {
  let characters = 0;
  let count = 0;
  for (const entry of entries.slice(0, limit)) {
    characters += entry.content.length;
    if (count > 0 && characters > PAGE_CHARACTERS) break;
    count += 1;
  }
  const shown = entries.slice(0, count);
  return { entries: shown, next: count < entries.length ? shown.at(-1)?.seq : undefined };
}
