import type { SnapshotId } from '../cloud/cloud.ts';
import type { BakeContext, BakeRequest } from './bake-context.ts';
import { buildOne, findBaked } from './build-one.ts';
import { type Image, imagesIn } from './catalog.ts';
import { type Definition, own, readChain } from './definition.ts';
import { type Identity, identify } from './digest.ts';
import { sweepKilled } from './sweep.ts';

export interface BuildWish {
  readonly name: string;
  /** Bake although a tested image with this digest exists. */
  readonly force: boolean;
  /** Bake what it stands on again, too. */
  readonly refresh?: boolean;
  readonly onError: OnError;
}

export type OnError = 'keep' | 'destroy' | 'ask';

export interface Built {
  readonly name: string;
  readonly digest: string;
  readonly snapshotId: SnapshotId;
  /** False when it was there already. */
  readonly baked: boolean;
  /** Why it was baked: inputs that changed, its age, a wish. */
  readonly why: readonly string[];
}

/** One image of a chain, and what is to be done for it. */
export interface Link {
  readonly identity: Identity;
  /** From the one on the stock system to this one. */
  readonly chain: readonly Definition[];
  readonly force: boolean;
  /** The image that will do. */
  readonly found: Image | undefined;
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
  const chain = await readChain(context.settings.directory, wish.name);
  const identities = await identify(context.settings, chain);
  await sweepKilled(context);
  const images = await imagesIn(context.cloud);
  const links = linksToBuild(context, wish, { chain, identities, images });
  return withApp(context, links, async (appImages) => {
    const built: Built[] = [];
    for (const link of links) {
      const step = { chain: link.chain, identity: link.identity, parent: built.at(-1)?.snapshotId, ...appImages };
      const wished = { ...wish, force: link.force };
      built.push(await buildOne(context, step, built.length === 0 ? images : undefined, wished, keep));
    }
    return built;
  });
}

type AppImages = Pick<BakeRequest, 'bringApp' | 'bringBase' | 'prepareApp'>;

/**
 * The app's image is built here while its machine boots, or while the image below is snapshotted and tested: before that this
 * computer sends what the app stands on, which was fetched while that machine booted.
 */
async function withApp<T>(
  { settings, operation, beginApp, beginBase }: BakeContext,
  links: readonly Link[],
  use: (images: AppImages) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const stop = AbortSignal.any([operation.interrupt, ended.signal]);
  const wanted = links.filter(({ found }) => found === undefined).map(({ chain }) => own(chain));
  const base = wanted.some((definition) => definition.app_base) ? beginBase(settings, stop) : undefined;
  let app = wanted[0]?.app ? beginApp(settings, stop) : undefined;
  try {
    return await use({
      prepareApp: () => {
        if (wanted.some((definition) => definition.app)) app ??= beginApp(settings, stop);
      },
      bringBase: (shell, progress) => (base ?? beginBase(settings, stop))(shell, progress),
      bringApp: (shell, progress) => (app ?? beginApp(settings, stop))(shell, progress),
    });
  } finally {
    ended.abort();
  }
}

/** From the highest one that will do: what is below it is not looked at. */
export function linksToBuild(
  context: BakeContext,
  wish: BuildWish,
  known: {
    readonly chain: readonly Definition[];
    readonly identities: readonly Identity[];
    readonly images: readonly Image[];
  },
): readonly Link[] {
  const last = known.identities.length - 1;
  const links = known.identities.map((identity, index): Link => {
    const force = wish.refresh === true || (wish.force && index === last);
    const found = force ? undefined : findBaked(context, known.images, identity);
    return { identity, chain: known.chain.slice(0, index + 1), force, found };
  });
  const highest = links.findLastIndex(({ found }) => found !== undefined);
  return links.slice(Math.max(0, highest));
}
