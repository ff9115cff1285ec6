import { isDeepStrictEqual } from 'node:util';
import type { Instance } from '../cloud/cloud.ts';
import type { Box, BoxStatus } from '../machine/box.ts';
import type { Clock } from '../operation/clock.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Context } from './context.ts';
import { type ReleaseTags, readTags, type Slot, tagsOf } from './tags.ts';

/** A machine that the account knows as a release of this environment. */
export interface Release {
  readonly instance: Instance;
  readonly tags: ReleaseTags;
  readonly address: string;
}

/** A release that answered. */
export interface Answering extends Release {
  readonly box: Box;
  readonly status: BoxStatus;
  /** When its answer was heard, by the operator's clock: seconds since the epoch. */
  readonly askedAt: number;
  /** When it was asked. Between the two, it does not matter how long apart, is the moment that its answer is of. */
  readonly askedSince: number;
}

/** What a machine says when it is asked, and the moments between which it was. */
export async function askedOf(
  clock: Clock,
  asking: () => Promise<BoxStatus>,
): Promise<Pick<Answering, 'status' | 'askedSince' | 'askedAt'>> {
  const askedSince = Math.floor(clock.now() / 1000);
  const status = await asking();
  return { status, askedSince, askedAt: Math.round(clock.now() / 1000) };
}

/** A release that could not be asked, and why. */
export interface Silent extends Release {
  readonly problem: string;
  /** It runs, and may well serve: this computer's SSH key is what it does not take. */
  readonly keyRefused?: true;
}

const NO_ADDRESS = '0.0.0.0';

const OPERATION_CHARS = 4;

/** "blue-20261124-134200-3f9c": sorts by time within a slot, says when, and two commands of one second make two names. */
export function releaseName(slot: Slot | 'drill', nowMs: number, operation: string): string {
  const [day, time] = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').split('T');
  return `${slot}-${day}-${time?.slice(0, 6)}-${operation.slice(0, OPERATION_CHARS)}`;
}

export function otherSlot(slot: Slot): Slot {
  return slot === 'blue' ? 'green' : 'blue';
}

/** Releases of this environment among the account's instances, oldest first. */
export function releasesIn(instances: readonly Instance[], environment: string): Release[] {
  return instances
    .flatMap((instance) => {
      const tags = readTags(instance, environment);
      return tags === undefined ? [] : [{ instance, tags, address: instance.address ?? NO_ADDRESS }];
    })
    .sort(
      (a, b) =>
        a.instance.createdAt.localeCompare(b.instance.createdAt) || a.tags.release.localeCompare(b.tags.release),
    );
}

/** Connects to a release with its pinned host key. `booting`: it was only just made. */
export async function reach(context: Context, release: Release, booting = false): Promise<Box> {
  if (release.address === NO_ADDRESS) {
    throw new AnnyError('MACHINE_UNREACHABLE', {
      doing: `connecting to ${release.tags.release}`,
      found: 'the account has not given it an address yet',
      next: 'wait a minute and run the same command again',
    });
  }
  return context.machines.connect({ address: release.address, hostKeyFingerprint: release.tags.hostKey, booting });
}

type Marks = Pick<ReleaseTags, 'stage' | 'keepUntil' | 'aloneSince' | 'lacksSince' | 'cachedUntil'>;

/** Writes down in the account what a release is now. What stands there is read first: this command may have changed it. */
export async function markRelease(context: Context, release: Release, change: Partial<Marks>): Promise<void> {
  const instance = (await context.cloud.instance(release.instance.id)) ?? release.instance;
  const written = readTags(instance, context.settings.environment) ?? release.tags;
  const tags = { ...written, ...change };
  if (isDeepStrictEqual(tags, written)) return;
  // The account refuses nobody, also not who has slept over the reading.
  await context.operation.held.lease?.require();
  await context.cloud.tagInstance(release.instance.id, tagsOf(tags));
}
