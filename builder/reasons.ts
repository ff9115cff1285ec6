import type { Image } from './catalog.ts';
import { type Identity, whatChanged } from './digest.ts';
import type { Archive } from './papers/archive.ts';
import { inputsOf } from './papers/papers.ts';

/** What changed since the newest image of this name. */
export async function reasons(
  archive: Archive,
  identity: Identity,
  images: readonly Image[],
): Promise<readonly string[]> {
  const last = images.find(({ name }) => name === identity.name);
  if (last === undefined || last.digest === identity.digest) return [];
  const before = inputsOf(await archive.recall(last));
  return before === undefined
    ? [`the last one, ${last.digest.slice(0, 12)}, has no papers: an earlier version baked it`]
    : whatChanged(before, identity.inputs);
}

/** For one line of the screen. */
export function summarize(why: readonly string[]): string {
  const most = 3;
  return why.length <= most
    ? why.join(', ')
    : `${why.slice(0, most).join(', ')} and ${why.length - most} more; --why names all`;
}
