import type { BakeContext } from './bake-context.ts';
import type { Image } from './catalog.ts';
import { type Identity, whatChanged } from './digest.ts';
import { archiveIn } from './papers/archive.ts';
import { inputsOf } from './papers/papers.ts';

interface Wanted {
  readonly identity: Identity;
  /** Newest first. */
  readonly images: readonly Image[];
  /** Wished whatever there is. */
  readonly force: boolean;
}

/** Why an image is baked, against the newest one of its name. */
export async function reasonsToBake(
  { cloud, settings }: Pick<BakeContext, 'cloud' | 'settings'>,
  { identity, images, force }: Wanted,
): Promise<readonly string[]> {
  const last = images.find(({ name }) => name === identity.name);
  if (last === undefined) return ['there is none yet'];
  if (force) return ['wished (--force or --refresh)'];
  if (last.digest === identity.digest) {
    if (last.stage !== 'tested' || !last.complete) return ['the last one is not tested'];
    return [`its packages are older than image.max_age (${settings.config.image.max_age / 86_400_000} days)`];
  }
  const before = inputsOf(await archiveIn(cloud, settings.directory).recall(last));
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
