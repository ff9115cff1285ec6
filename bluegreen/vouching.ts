import type { Image } from '../builder/catalog.ts';
import type { Vouched } from '../builder/papers/vouch.ts';

/** The port to what is written down of images: whether one is the one that somebody signed. */
export interface Vouching {
  vouch(image: Image): Promise<Vouched>;
}
