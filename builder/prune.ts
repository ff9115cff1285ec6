import type { Instance } from '../cloud/cloud.ts';
import { type Money, sum } from '../cloud/money.ts';
import { type Prices, snapshotMonth } from '../cloud/prices.ts';
import { type Image, parentOf, testedOf } from './catalog.ts';
import { rankOf, type Whose } from './whose.ts';

/** Nothing that is younger or among the newest goes, if nobody wishes otherwise. */
export const PRUNE_DEFAULTS = { keep: 3, olderThanMs: 30 * 86_400_000 } as const;

export interface PruneRules {
  /** So many of each name and environment stay in any case, the newest first. */
  readonly keep: number;
  readonly olderThanMs: number;
  readonly nowMs: number;
}

type Made = Pick<Instance, 'label' | 'tags' | 'snapshotId'>;

export interface PruneJudgement {
  readonly image: Image;
  /** Whose it is; undefined where nothing says so. */
  readonly environment: string | undefined;
  /** Why it stays; undefined when it may go. */
  readonly stays: string | undefined;
}

/** Every image of the account, and whether anything may still need it: a release, a rollback, a recovery or the next bake. */
export function judgeForPrune(
  images: readonly Image[],
  whose: Whose,
  instances: readonly Made[],
  rules: PruneRules,
): readonly PruneJudgement[] {
  const reason = (image: Image): string | undefined =>
    reasonToStay(images, image, instances) ??
    reasonOfRank(images, whose, image, rules) ??
    reasonOfAge(image, rules) ??
    childsReason(images, image, reason);
  return images.map((image) => ({ image, environment: whose.get(image.snapshotId), stays: reason(image) }));
}

/** Those of which it counts whose they are: of a name of which one would go if all were one environment's. */
export function inQuestion(images: readonly Image[], instances: readonly Made[], rules: PruneRules): readonly Image[] {
  const goes = judgeForPrune(images, new Map(), instances, rules).filter(({ stays }) => stays === undefined);
  return [...new Set(goes.map(({ image }) => image.name))].flatMap((name) => testedOf(images, name));
}

function reasonToStay(images: readonly Image[], image: Image, instances: readonly Made[]): string | undefined {
  if (image.stage !== 'tested' || !image.complete)
    return `it is not tested: a bake is at it, or left it; then anny-image sweep ${image.operation} takes it away`;
  const user = instances.find((instance) => isFrom(images, instance, image));
  return user === undefined ? undefined : `${user.label} was made from it`;
}

function reasonOfRank(
  images: readonly Image[],
  whose: Whose,
  image: Image,
  { keep }: Pick<PruneRules, 'keep'>,
): string | undefined {
  const { name } = image;
  const ofName = testedOf(images, name);
  const rank = rankOf(ofName, whose, image);
  if (rank >= keep) return undefined;
  const owner = whose.get(image.snapshotId);
  const isShared = ofName.some(({ snapshotId }) => whose.get(snapshotId) !== owner);
  if (isShared && owner === undefined) return `nothing says whose it is: it may be among the newest ${keep} of ${name}`;
  const of = isShared ? `${name} for ${owner}` : name;
  return rank === 0
    ? `it is the newest ${of}: the next bake, release or recovery takes it`
    : `it is among the newest ${keep} of ${of}`;
}

function reasonOfAge(image: Image, { olderThanMs, nowMs }: PruneRules): string | undefined {
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
