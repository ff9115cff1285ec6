import type { Instance } from '../cloud/cloud.ts';

/** What a release's instance says of itself in its tags; see docs/architecture.md. */
export interface ReleaseTags {
  readonly environment: string;
  readonly operation: string;
  readonly release: string;
  readonly slot: Slot;
  /** First 12 characters of the image's digest. */
  readonly image: string;
  readonly hostKey: string;
  readonly stage: Stage;
  /** Seconds since the epoch until which a standby is kept; 0 for none. */
  readonly keepUntil: number;
  /** Seconds since the epoch since when it may have writes that were given up for another machine; 0 for none. */
  readonly aloneSince: number;
  /** Since when it lacks writes that were given up, and came back with the machine that has them; 0 for none. */
  readonly lacksSince: number;
  /** Until when resolvers may know its address by an older, longer TTL; 0 for nothing to mind. */
  readonly cachedUntil: number;
}

export type Slot = 'blue' | 'green';
/** What the operator's side last knew; the machine's own role is the truth. */
export type Stage = (typeof STAGES)[number];
/** `fenced`: powered off since it could not be asked. Its own role file does not know that another machine took its place. */
/** `discarded`: somebody is about to destroy it. */
const STAGES = ['candidate', 'live', 'standby', 'fenced', 'discarded'] as const;

/** A drill's machine is like a release's, and no release command sees it. */
export type MachineKind = 'release' | 'drill';

export function tagsOf(tags: ReleaseTags, kind: MachineKind = 'release'): string[] {
  return [
    'anny',
    `env=${tags.environment}`,
    `op=${tags.operation}`,
    `kind=${kind}`,
    `release=${tags.release}`,
    `slot=${tags.slot}`,
    `image=${tags.image}`,
    `hostkey=${tags.hostKey}`,
    `stage=${tags.stage}`,
    ...(tags.keepUntil === 0 ? [] : [`keep-until=${tags.keepUntil}`]),
    ...(tags.aloneSince === 0 ? [] : [`alone-since=${tags.aloneSince}`]),
    ...(tags.lacksSince === 0 ? [] : [`lacks-since=${tags.lacksSince}`]),
    ...(tags.cachedUntil === 0 ? [] : [`cached-until=${tags.cachedUntil}`]),
  ];
}

/** A machine of a drill, whoever's it is. */
export function isDrill({ tags }: Instance, environment: string): boolean {
  return ['anny', 'kind=drill', `env=${environment}`].every((tag) => tags.includes(tag));
}

/** What follows "env=" among the tags, for example; "" when nothing does. */
export function tagValue(tags: readonly string[], key: string): string {
  return tags.find((tag) => tag.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
}

/** undefined for instances that are no release of this environment, whoever made them. */
export function readTags(instance: Instance, environment: string): ReleaseTags | undefined {
  const value = (key: string): string => tagValue(instance.tags, key);
  if (!instance.tags.includes('anny') || value('env') !== environment || value('kind') !== 'release') return undefined;
  return {
    environment,
    operation: value('op'),
    release: value('release'),
    slot: value('slot') === 'green' ? 'green' : 'blue',
    image: value('image'),
    hostKey: value('hostkey'),
    stage: STAGES.find((stage) => stage === value('stage')) ?? 'candidate',
    keepUntil: Number(value('keep-until')) || 0,
    aloneSince: Number(value('alone-since')) || 0,
    lacksSince: Number(value('lacks-since')) || 0,
    cachedUntil: Number(value('cached-until')) || 0,
  };
}
