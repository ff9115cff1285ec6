import type { Instance } from '../../cloud/cloud.ts';
import type { World } from '../observe.ts';
import { type ReleaseTags, readTags } from '../tags.ts';
import type { Door } from './logins.ts';

export function doorOf({ tags, address }: { readonly tags: ReleaseTags; readonly address: string }): Door {
  return { release: tags.release, address, hostKey: tags.hostKey };
}

/** Machines of this environment that answer. */
export function doorsIn(world: World): readonly Door[] {
  return world.answering.map(doorOf);
}

/** Machines of the account's other environments: the same key may log in there. */
export function doorsElsewhere(instances: readonly Instance[], environment: string): readonly Door[] {
  return instances.flatMap((instance) => {
    const other = instance.tags.find((tag) => tag.startsWith('env='))?.slice('env='.length) ?? environment;
    const tags = other === environment ? undefined : readTags(instance, other);
    const { address } = instance;
    return tags === undefined || address === undefined ? [] : [doorOf({ tags, address })];
  });
}
