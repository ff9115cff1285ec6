import type { Image } from '../builder/catalog.ts';
import type { Answering, Release, Silent } from './release.ts';
import type { Slot } from './tags.ts';

/** A release that comes up beside whatever is there. */
export interface Bringing {
  readonly image: Image;
  readonly slot: Slot;
  /** A candidate with this image, left by an earlier command. */
  readonly reuse: Answering | undefined;
  /** Machines that never served, left by earlier commands: destroyed first. */
  readonly clear: readonly Release[];
}

/** Beside a live writer a state that was taken over counts for nothing; without one it may be the newest there is. */
export function bringing(image: Image, slot: Slot, strays: readonly (Answering | Silent)[], live = false): Bringing {
  const reuse = strays
    .filter((one) => 'box' in one)
    .filter(({ tags }) => tags.stage !== 'discarded' && tags.image === image.digest.slice(0, 12))
    .find(({ status }) => live || status.takeover.from === '');
  return { image, slot: reuse?.tags.slot ?? slot, reuse, clear: strays.filter((one) => one !== reuse) };
}
