import { AnnyError } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import type { Context } from './context.ts';
import type { World } from './observe.ts';
import { age } from './plan.ts';
import type { Answering, Release } from './release.ts';
import { judge } from './situation.ts';

export interface RetireWish {
  /** Release name; undefined means every standby that is due. */
  readonly release: string | undefined;
  /** Also inside its window, with traffic, or without an answer; only together with a name. */
  readonly force: boolean;
}

export interface Retirement {
  readonly release: string;
  readonly retired: boolean;
  readonly reason: string;
}

interface Candidate {
  readonly machine: Release;
  /** Why it must stay; undefined when it may go. */
  readonly stays: string | undefined;
}

/** Destroys standbys whose window is over and whose traffic has ended: by what the machine counted, never by hope. */
export async function retire(context: Context, world: World, wish: RetireWish): Promise<readonly Retirement[]> {
  const decided = decideRetirement(context, world, wish);
  const results: Retirement[] = [];
  for (const { machine, stays } of decided) {
    const release = machine.tags.release;
    if (stays !== undefined && !wish.force) {
      results.push({ release, retired: false, reason: stays });
      continue;
    }
    await runStep(context.operation, {
      name: 'retire',
      detail: release,
      run: () => context.cloud.destroyInstance(machine.instance.id),
    });
    results.push({ release, retired: true, reason: stays ?? 'its window is over and nothing is relayed any more' });
  }
  return results;
}

function decideRetirement(context: Context, world: World, wish: RetireWish): Candidate[] {
  const situation = judge(world);
  if (situation.kind !== 'live') {
    throw new AnnyError('REFUSED', {
      doing: 'retiring a standby',
      found: 'no live release answers, so what is left may be the only copy',
      next: 'anny-bluegreen status says what to do first',
    });
  }
  const { writer, standbys, silent, strays } = situation;
  if (wish.release === undefined)
    return standbys.map((machine) => ({ machine, stays: reasonToStay(context, machine) }));
  if (wish.release === writer.tags.release) {
    throw new AnnyError('REFUSED', {
      doing: `retiring ${wish.release}`,
      found: 'it is the live release',
      next: 'promote or roll back to another one first',
    });
  }
  const all = [...standbys, ...silent, ...strays];
  const machine = all.find(({ tags }) => tags.release === wish.release);
  if (machine === undefined) {
    throw new AnnyError('USAGE', {
      doing: `retiring ${wish.release}`,
      found: `there is no such release beside ${writer.tags.release}: ${all.map(({ tags }) => tags.release).join(', ') || 'none'}`,
      next: 'anny-bluegreen status lists them',
    });
  }
  return [{ machine, stays: reasonToStayNamed(context, machine) }];
}

function reasonToStayNamed(context: Context, machine: Release | Answering): string | undefined {
  if (!('box' in machine))
    return 'it does not answer, so it may hold writes that nothing else has (--force destroys it)';
  return machine.status.role === 'relay' ? reasonToStay(context, machine) : undefined;
}

function reasonToStay(context: Context, { tags, status }: Answering): string | undefined {
  const { clock } = context.operation;
  const { ttl, standby_window: window } = context.settings.config.deploy;
  const now = clock.now() / 1000;
  // A command that was cut off has not written its window down, or that of an earlier time stands there.
  const until = Math.max(tags.keepUntil, status.role === 'relay' ? status.since + window / 1000 : 0);
  if (until > now) return `its window lasts another ${age(until - now)}`;
  const quietSeconds = ttl / 1000;
  const { requests, lastAt } = status.relayed;
  if (now - lastAt < quietSeconds) return `it still relays: ${requests} requests, the last ${age(now - lastAt)} ago`;
  return undefined;
}
