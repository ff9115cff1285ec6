import type { SnapshotId } from '../cloud/cloud.ts';
import type { Image } from './catalog.ts';

/** The environment that each image was baked for, as its papers say. One that is not in it may be anybody's. */
export type Whose = ReadonlyMap<SnapshotId, string>;

export async function whoseAre(
  images: readonly Image[],
  environmentOf: (image: Image) => Promise<string | undefined>,
): Promise<Whose> {
  const told = images.map(async (image): Promise<[SnapshotId, string][]> => {
    const environment = await environmentOf(image);
    return environment === undefined ? [] : [[image.snapshotId, environment]];
  });
  return new Map((await Promise.all(told)).flat());
}

/** How many newer ones stand before it, in the eyes of the environment that has the fewest: one of nobody knows whom may be any of theirs. */
export function rankOf(newestFirst: readonly Image[], whose: Whose, image: Image): number {
  const owner = whose.get(image.snapshotId);
  const known = new Set(newestFirst.flatMap(({ snapshotId }) => whose.get(snapshotId) ?? []));
  const lists = [...(owner === undefined && known.size > 0 ? known : [owner])].map((one) =>
    newestFirst.filter(({ snapshotId }) => [owner, one].includes(whose.get(snapshotId))),
  );
  return Math.min(...lists.map((list) => list.indexOf(image)));
}
