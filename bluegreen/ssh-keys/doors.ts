import type { Instance } from '../../cloud/cloud.ts';
import type { World } from '../observe.ts';
import { type ReleaseTags, readTags, tagValue } from '../tags.ts';
import type { Door } from './logins.ts';

export function doorOf({ tags, address }: { readonly tags: ReleaseTags; readonly address: string }): Door {
  return { release: tags.release, address, hostKey: tags.hostKey };
}

/** Machines of this environment that answer. */
export function doorsIn(world: World): readonly Door[] {
  return world.answering.map(doorOf);
}

/** A machine of another environment of the account: the same key may log in there. */
export interface OtherMachine {
  readonly environment: string;
  readonly release: string;
  /** undefined while it has no address yet. */
  readonly door: Door | undefined;
}

export function machinesElsewhere(instances: readonly Instance[], environment: string): readonly OtherMachine[] {
  return instances.flatMap((instance) => {
    const other = tagValue(instance.tags, 'env') || environment;
    const tags = other === environment ? undefined : readTags(instance, other);
    const { address } = instance;
    if (tags === undefined) return [];
    const door = address === undefined ? undefined : doorOf({ tags, address });
    return [{ environment: other, release: tags.release, door }];
  });
}
