import type { Instance } from '../cloud/cloud.ts';
import { type Money, sum } from '../cloud/money.ts';
import { type Prices, snapshotMonth } from '../cloud/prices.ts';
import { type Image, parentOf } from './catalog.ts';

/** Nothing that is younger or among the newest goes, if nobody wishes otherwise. */
export const PRUNE_DEFAULTS = { keep: 3, olderThanMs: 30 * 86_400_000 } as const;

export interface PruneRules {
  /** So many of each name stay in any case, the newest first. */
  readonly keep: number;
  readonly olderThanMs: number;
  readonly nowMs: number;
}

type Made = Pick<Instance, 'label' | 'tags' | 'snapshotId'>;

export interface PruneJudgement {
  readonly image: Image;
  /** Why it stays; undefined when it may go. */
  readonly stays: string | undefined;
}

/** Every image of the account, and whether anything may still need it: a release, a rollback, a recovery or the next bake. */
export function judgeForPrune(
  images: readonly Image[],
  instances: readonly Made[],
  rules: PruneRules,
): readonly PruneJudgement[] {
  const reason = (image: Image): string | undefined =>
    reasonToStay(images, image, instances, rules) ?? childsReason(images, image, reason);
  return images.map((image) => ({ image, stays: reason(image) }));
}

function reasonToStay(
  images: readonly Image[],
  image: Image,
  instances: readonly Made[],
  { keep, olderThanMs, nowMs }: PruneRules,
): string | undefined {
  // A bake may be at it; sweep takes away what a killed one left.
  if (image.stage !== 'tested' || !image.complete) return 'it is no tested image: sweep looks after those';
  const user = instances.find((instance) => isFrom(images, instance, image));
  if (user !== undefined) return `${user.label} was made from it`;
  const ofName = images.filter(({ name, stage, complete }) => name === image.name && stage === 'tested' && complete);
  const rank = ofName.indexOf(image);
  if (rank === 0) return `it is the newest ${image.name}: the next bake, release or recovery takes it`;
  if (rank < keep) return `it is among the newest ${keep} of ${image.name}`;
  const ageMs = nowMs - Date.parse(image.createdAt);
  return ageMs < olderThanMs ? `it is ${days(ageMs)} old` : undefined;
}

/** The snapshot itself where it is told and still there: one digest may have been baked several times. */
function isFrom(images: readonly Image[], { snapshotId, tags }: Made, image: Image): boolean {
  if (images.some((one) => one.snapshotId === snapshotId)) return image.snapshotId === snapshotId;
  return tags.includes(`image=${image.digest.slice(0, 12)}`);
}

/** By lineage: what a kept image stands on is known by it, and the next bake of it starts there. */
function childsReason(
  images: readonly Image[],
  image: Image,
  reason: (image: Image) => string | undefined,
): string | undefined {
  const child = images.find((one) => one !== image && parentOf(images, one) === image && reason(one) !== undefined);
  return child === undefined ? undefined : `${child.name} ${child.digest.slice(0, 12)} stands on it`;
}

/** So many bytes are kept of these images, and cost so much a month. */
export function keptOf(images: readonly Image[], prices: Prices): { readonly bytes: number; readonly monthly: Money } {
  return {
    bytes: images.reduce((total, { storedBytes }) => total + storedBytes, 0),
    monthly: sum(images.map(({ storedBytes }) => snapshotMonth(prices, storedBytes))),
  };
}

function days(ms: number): string {
  const count = Math.floor(ms / 86_400_000);
  if (count === 0) return 'less than a day';
  return count === 1 ? '1 day' : `${count} days`;
}
