import type { Image } from '../builder/catalog.ts';
import type { Vouched } from '../builder/papers/vouch.ts';

/** The port to what is written down of images. */
export interface Vouching {
  /** Whether it is the one that somebody signed. */
  vouch(image: Image): Promise<Vouched>;
  /** For whom it was baked, whoever signed that; undefined where nothing says so. */
  environmentOf(image: Image): Promise<string | undefined>;
}
