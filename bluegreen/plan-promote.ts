import type { Image } from '../builder/catalog.ts';
import { age } from './age.ts';
import { bringing } from './bringing.ts';
import { wouldLoseWrites } from './fence.ts';
import { nothingLive, unfinished } from './no-plan.ts';
import type { Plan } from './plan.ts';
import { otherSlot } from './release.ts';
import { latestGeneration, refuseTwoWriters, type Situation } from './situation.ts';

export interface PromoteWish {
  readonly image: Image;
  /** Bring up a new machine although the live one has this image already. */
  readonly again: boolean;
  readonly withoutBackup?: boolean | undefined;
  /** The newest backup of machines that are gone; looked for where there are none. */
  readonly left?: { readonly release: string; readonly ageSeconds: number } | undefined;
}

export function planPromote(situation: Situation, wish: PromoteWish): Plan {
  switch (situation.kind) {
    case 'two-writers':
      throw refuseTwoWriters(situation.writers);
    case 'empty':
      refuseToForget(wish);
      return { action: 'first', after: latestGeneration(situation), ...bringing(wish.image, 'blue', situation.strays) };
    case 'live': {
      const { writer, standbys } = situation;
      if (!wish.again && writer.tags.image === wish.image.digest.slice(0, 12)) return { action: 'none', writer };
      const slot = otherSlot(writer.tags.slot);
      const { withoutBackup = false } = wish;
      return {
        ...{ action: 'promote', from: writer, standbys, withoutBackup },
        ...bringing(wish.image, slot, situation.strays, true),
      };
    }
    case 'committed':
      throw unfinished(situation.successor);
    case 'dark':
      throw nothingLive(situation.silent, situation.standbys);
  }
}

/** The account has lost the machines, or somebody has destroyed them: a first release would serve without what they had. */
function refuseToForget({ left, withoutBackup }: PromoteWish): void {
  if (left === undefined || withoutBackup) return;
  throw wouldLoseWrites(
    'promoting a first release',
    `the account has no machine of this environment any more, but there is a backup of ${left.release}, ${age(left.ageSeconds)} old: the app would begin with nothing`,
    'anny-bluegreen restore brings up its data; to begin with nothing: promote --without-backup',
  );
}

/** The live release stays what it is; what is around it is put in order. */
export function planSettle(situation: Situation): Plan {
  switch (situation.kind) {
    case 'two-writers':
      throw refuseTwoWriters(situation.writers);
    case 'live':
      return { action: 'none', writer: situation.writer };
    case 'committed':
      throw unfinished(situation.successor);
    case 'empty':
      throw nothingLive([], []);
    case 'dark':
      throw nothingLive(situation.silent, situation.standbys);
  }
}
