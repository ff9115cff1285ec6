import type { SnapshotId } from '../cloud/cloud.ts';
import type { BakeContext } from './bake.ts';
import { buildOne, findBaked } from './build-one.ts';
import { imagesIn } from './catalog.ts';
import { readChain } from './definition.ts';
import { identify } from './digest.ts';
import { sweepKilled } from './sweep.ts';

export interface BuildWish {
  readonly name: string;
  /** Bake although a tested image with this digest exists. */
  readonly force: boolean;
  readonly onError: OnError;
}

export type OnError = 'keep' | 'destroy' | 'ask';

export interface Built {
  readonly name: string;
  readonly digest: string;
  readonly snapshotId: SnapshotId;
  /** False when it was there already. */
  readonly baked: boolean;
  /** Inputs that changed since the last image of this name, where that is known here. */
  readonly why: readonly string[];
}

/**
 * Bakes an image and what it stands on, each only when no tested image with its digest exists. Where the image itself does, one
 * listing says so, and what it stands on may be gone.
 */
export async function build(
  context: BakeContext,
  wish: BuildWish,
  keep: (error: unknown) => Promise<boolean>,
): Promise<readonly Built[]> {
  const { settings } = context;
  const chain = await readChain(settings.directory, wish.name);
  const identities = await identify(settings, chain);
  await sweepKilled(context);
  const images = await imagesIn(context.cloud);
  const start = identities.findLastIndex(
    (identity, index) =>
      !(wish.force && index === identities.length - 1) && findBaked(context, images, identity) !== undefined,
  );
  const built: Built[] = [];
  for (const [index, identity] of identities.entries()) {
    if (index < start) continue;
    const step = { chain: chain.slice(0, index + 1), identity, parent: built.at(-1)?.snapshotId };
    const force = wish.force && index === identities.length - 1;
    built.push(await buildOne(context, step, index === start ? images : undefined, { ...wish, force }, keep));
  }
  return built;
}
