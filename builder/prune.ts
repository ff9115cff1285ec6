import type { Instance } from '../cloud/cloud.ts';
import { type Image, parentOf } from './catalog.ts';

/** Vultr's price for what is kept of a snapshot (vultr.com/pricing, "Snapshots"); its API does not tell it. */
const USD_PER_GB_MONTH = 0.05;
const GB = 1e9;

export interface PruneRules {
  /** So many of each name stay in any case, the newest first. */
  readonly keep: number;
  readonly olderThanMs: number;
  readonly nowMs: number;
}

export interface PruneJudgement {
  readonly image: Image;
  /** Why it stays; undefined when it may go. */
  readonly stays: string | undefined;
}

/** Every image of the account, and whether anything may still need it: a release, a rollback, a recovery or the next bake. */
export function judgeForPrune(
  images: readonly Image[],
  instances: readonly Pick<Instance, 'label' | 'tags'>[],
  rules: PruneRules,
): readonly PruneJudgement[] {
  const reason = (image: Image): string | undefined =>
    reasonToStay(images, image, instances, rules) ?? childsReason(images, image, reason);
  return images.map((image) => ({ image, stays: reason(image) }));
}

function reasonToStay(
  images: readonly Image[],
  image: Image,
  instances: readonly Pick<Instance, 'label' | 'tags'>[],
  { keep, olderThanMs, nowMs }: PruneRules,
): string | undefined {
  // A bake may be at it; sweep takes away what a killed one left.
  if (image.stage !== 'tested' || !image.complete) return 'it is no tested image: sweep looks after those';
  const user = instances.find(({ tags }) => tags.includes(`image=${image.digest.slice(0, 12)}`));
  if (user !== undefined) return `${user.label} was made from it`;
  const ofName = images.filter(({ name, stage, complete }) => name === image.name && stage === 'tested' && complete);
  const rank = ofName.indexOf(image);
  if (rank === 0) return `it is the newest ${image.name}: the next release or recovery takes it`;
  if (rank < keep) return `it is among the newest ${keep} of ${image.name}`;
  const ageMs = nowMs - Date.parse(image.createdAt);
  return ageMs < olderThanMs ? `it is ${days(ageMs)} old` : undefined;
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

/** What goes frees so many bytes, and saves so many dollars a month. */
export function savingOf(images: readonly Image[]): { readonly bytes: number; readonly monthlyUsd: number } {
  const bytes = images.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  return { bytes, monthlyUsd: monthlyUsd(bytes) };
}

export function monthlyUsd(bytes: number): number {
  return Math.round((bytes / GB) * USD_PER_GB_MONTH * 100) / 100;
}

function days(ms: number): string {
  const count = Math.floor(ms / 86_400_000);
  return count === 1 ? '1 day' : `${count} days`;
}
