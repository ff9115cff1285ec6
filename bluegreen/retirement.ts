import { age } from './age.ts';
import { isLedTo } from './leading.ts';
import type { World } from './observe.ts';
import type { Answering, Silent } from './release.ts';
import type { Situation } from './situation.ts';

export interface RetireRules {
  readonly windowSeconds: number;
  /** As configured; the record may have an older, longer one. */
  readonly ttlSeconds: number;
}

/** A release beside the live one, and why it must stay; `stays` is undefined when it may go. */
export interface Candidate {
  readonly machine: Answering | Silent;
  readonly stays: string | undefined;
}

type Live = Extract<Situation, { kind: 'live' }>;

/** Every standby, and whether it is due: by what the machines counted, never by hope. */
export function dueStandbys(world: World, live: Live, rules: RetireRules): readonly Candidate[] {
  const wayBack = wayBackOf(live);
  return live.standbys.map((machine) => ({
    machine,
    stays: reasonToStay(world, live, machine, rules) ?? reasonToBeNamed(machine, wayBack),
  }));
}

function reasonToBeNamed(machine: Answering, wayBack: Answering | undefined): string | undefined {
  if (machine === wayBack) return 'it is the way back; name it to destroy it all the same';
  if (machine.status.role === 'relay') return undefined;
  return 'it was fenced, and may hold writes that nothing else has; name it to destroy it all the same';
}

/** The standby that a rollback would go to. */
export function wayBackOf({ standbys }: Live): Answering | undefined {
  return standbys.find(({ status }) => status.role === 'relay');
}

/** One release that was named. */
export function namedForRetirement(
  world: World,
  live: Live,
  machine: Answering | Silent,
  { force, ...rules }: RetireRules & { readonly force: boolean },
): Candidate {
  if (isLedTo(world, machine)) return { machine, stays: 'the name still leads to it; promote mends that' };
  if (force || live.strays.includes(machine)) return { machine, stays: undefined };
  if ('box' in machine) return { machine, stays: reasonToStay(world, live, machine, rules) };
  return { machine, stays: 'it does not answer, so it may hold writes that nothing else has' };
}

function reasonToStay(world: World, live: Live, machine: Answering, rules: RetireRules): string | undefined {
  const { tags, status } = machine;
  if (isLedTo(world, machine)) return 'the name still leads to it; promote mends that';
  if (status.generation > live.writer.status.generation) return 'its data is newer than that of the writer';
  if (status.role === 'writer')
    return 'it does not know that another took its place, and may hold writes that nothing else has';
  // All by its own clock. A command that was cut off has not written its window down, or that of an earlier time stands there.
  const until = Math.max(tags.keepUntil, tags.cachedUntil, status.since + rules.windowSeconds);
  if (until > status.now) return `its window lasts another ${age(until - status.now)}`;
  const { open, requests, lastAt } = status.relayed;
  if (open < 0) return 'it does not say what it is passing on just now';
  if (open > 0) return `it is passing on ${open} ${open === 1 ? 'request' : 'requests'} right now`;
  const ttl = Math.max(rules.ttlSeconds, world.record?.ttlSeconds ?? 0);
  const quiet = status.now - Math.max(lastAt, status.since);
  if (quiet > ttl) return undefined;
  return `it relayed ${requests} requests, the last ${age(status.now - lastAt)} ago; resolvers may keep its address for ${age(ttl)}`;
}
