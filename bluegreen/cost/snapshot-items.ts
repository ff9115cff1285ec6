import type { Image } from '../../builder/catalog.ts';
import { sizeText } from '../../builder/image-text.ts';
import { judgeForPrune, PRUNE_DEFAULTS } from '../../builder/prune.ts';
import { type Prices, snapshotMonth } from '../../cloud/prices.ts';
import { isLeft } from '../doctor/account-findings.ts';
import type { Observations } from '../doctor/observations.ts';
import type { Item } from './item.ts';

/** Every image, newest first: all environments bring machines up from the same ones. */
export function snapshotItems(seen: Observations, prices: Prices): readonly Item[] {
  const rules = { ...PRUNE_DEFAULTS, nowMs: seen.nowSeconds * 1000 };
  return judgeForPrune(seen.images, seen.whose, seen.tagged, rules).map(({ image, stays }) => ({
    ...{ kind: 'snapshot', id: image.snapshotId, environment: '' },
    name: `${image.name} ${image.digest.slice(0, 12)}`,
    what: sizeText(image.storedBytes),
    ...(image.stage === 'candidate' ? untested(seen, image) : tested(stays)),
    monthly: snapshotMonth(prices, image.storedBytes),
  }));
}

function untested(seen: Observations, { operation, createdAt }: Image): Pick<Item, 'why' | 'remove'> {
  if (!isLeft(seen, operation, createdAt)) return { why: 'a bake works with it', remove: undefined };
  return { why: 'never tested: its bake was killed', remove: `anny-image sweep ${operation}` };
}

function tested(stays: string | undefined): Pick<Item, 'why' | 'remove'> {
  return stays === undefined
    ? { why: 'nothing needs it', remove: 'anny-image prune' }
    : { why: stays, remove: undefined };
}
