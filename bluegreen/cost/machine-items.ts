import { isBakeMachine } from '../../builder/bake-machine.ts';
import type { Instance, Plan } from '../../cloud/cloud.ts';
import { isLeft, isLeftDrill } from '../doctor/account-findings.ts';
import type { Observations } from '../doctor/observations.ts';
import { dueStandbys } from '../retirement.ts';
import { isDrill, tagValue } from '../tags.ts';
import type { Item } from './item.ts';

type Reason = Pick<Item, 'why' | 'remove'>;

/** Every machine of Anny's, of whatever environment, with what it is there for. */
export function machineItems(seen: Observations, plans: readonly Plan[]): readonly Item[] {
  return seen.tagged.map((instance) => {
    const { id, label: name, plan, region, tags } = instance;
    return {
      ...{ kind: 'machine', id, name, what: `${plan} in ${region}`, environment: tagValue(tags, 'env') },
      ...reasonFor(seen, instance),
      monthly: plans.find((one) => one.id === plan)?.monthlyCost,
    };
  });
}

function reasonFor(seen: Observations, instance: Instance): Reason {
  const { tags, createdAt } = instance;
  const operation = tagValue(tags, 'op');
  if (isBakeMachine(tags)) {
    const remove = `anny-image sweep ${operation}`;
    if (isLeft(seen, operation, createdAt)) return { why: 'a bake left it', remove };
    // A builder is only ever there without a claim when its bake left it for a look.
    const isHeld = seen.bakes.some(({ claim }) => claim.operation === operation);
    if (tags.includes('kind=bake') && !isHeld) return { why: 'left for a look: anny-image ssh', remove };
    return stays('a bake works with it');
  }
  const environment = tagValue(tags, 'env');
  // Nobody else can tell what its machines say.
  if (environment !== seen.environment) return stays(tagValue(tags, 'stage') || 'not to be told from here');
  if (isDrill(instance, environment)) {
    if (!isLeftDrill(instance, seen.nowSeconds)) return stays('a drill works with it');
    return { why: 'a drill left it: the next one destroys it', remove: 'anny-bluegreen drill' };
  }
  return releaseReason(seen, instance);
}

function releaseReason(seen: Observations, { id }: Instance): Reason {
  const { world, situation } = seen;
  const release = [...world.answering, ...world.silent].find(({ instance }) => instance.id === id);
  if (release === undefined) return stays('its tags are not to be read: anny-bluegreen doctor');
  const retire = `anny-bluegreen retire ${release.tags.release}`;
  if (situation.kind === 'live') {
    if (situation.writer === release) return stays('live');
    const standby = dueStandbys(world, situation, seen.rules).find(({ machine }) => machine === release);
    if (standby !== undefined) return standbyReason(standby.stays, retire);
    if (situation.strays.includes(release)) return strayReason(seen, retire);
  }
  if (situation.kind === 'empty') return strayReason(seen, 'anny-bluegreen promote');
  if ('strays' in situation && situation.strays.includes(release)) return stays('a candidate that never served');
  if ('problem' in release) return stays(`does not answer (${release.problem}); may hold writes that nothing else has`);
  return stays(`${release.status.role}; nothing is live, so it may be the only copy`);
}

function standbyReason(reason: string | undefined, retire: string): Reason {
  return reason === undefined ? { why: 'standby, past its window', remove: retire } : stays(`standby: ${reason}`);
}

function strayReason({ claims }: Observations, remove: string): Reason {
  if (claims.length > 0) return stays('a command works with it, or was cut off: anny-bluegreen status');
  return { why: 'a candidate that never served', remove };
}

function stays(why: string): Reason {
  return { why, remove: undefined };
}
