import type { Image } from '../builder/catalog.ts';
import { readChain } from '../builder/definition.ts';
import { identify } from '../builder/digest.ts';
import type { Context } from './context.ts';
import type { Vouching } from './vouching.ts';

interface Knowing extends Pick<Context, 'settings'> {
  readonly vouching: Pick<Vouching, 'vouch'>;
}

/** What a name and settings are baked in for: an image of one environment is none for another, though they share an account. */
export interface Choice {
  readonly own: Image | undefined;
  /** Newer ones, and the environment that each was baked for. */
  readonly others: readonly { readonly image: Image; readonly environment: string }[];
}

/** The first that was not baked for another environment. Of one without papers nobody knows: it may be all that is left. */
export async function firstOwn(knowing: Knowing, images: readonly Image[]): Promise<Choice> {
  const others: { image: Image; environment: string }[] = [];
  for (const image of images) {
    const environment = await bakedElsewhere(knowing, image);
    if (environment === undefined) return { own: image, others };
    others.push({ image, environment });
  }
  return { own: undefined, others };
}

/** The other environment that it was baked for; undefined too when it holds just what a build here would bake. */
export async function bakedElsewhere({ vouching, settings }: Knowing, image: Image): Promise<string | undefined> {
  const vouched = await vouching.vouch(image);
  if (vouched.kind !== 'signed' || vouched.environment === settings.environment) return undefined;
  return image.digest === (await digestHere(settings, image.name)) ? undefined : vouched.environment;
}

/** undefined where nothing could be baked from here: whatever hinders that must not hinder a restore. */
async function digestHere(settings: Context['settings'], name: string): Promise<string | undefined> {
  try {
    return (await identify(settings, await readChain(settings.directory, name))).at(-1)?.digest;
  } catch {
    return undefined;
  }
}
