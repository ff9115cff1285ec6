import { AnnyError } from '../operation/errors.ts';
import type { World } from './observe.ts';
import type { Plan } from './plan.ts';
import { refuseOtherRegion } from './reserved-ip.ts';

/** What keeps a switch from being one, before anything is touched. */
export function refuseUnfitName(world: World): void {
  if (world.reservedIpProblem !== undefined) throw world.reservedIpProblem;
  refuseAmbiguousName(world);
}

/** A machine that is there already may be where the reserved address cannot lead to. */
export function refuseUnfitTarget({ switchedBy, reservedIp }: World, plan: Plan): void {
  if (switchedBy === 'dns' || reservedIp === undefined) return;
  const to = 'to' in plan ? plan.to : 'writer' in plan ? plan.writer : 'reuse' in plan ? plan.reuse : undefined;
  if (to !== undefined) refuseOtherRegion(reservedIp, to);
}

/** A switch changes one A record: another record would go on leading some users elsewhere. */
export function refuseAmbiguousName({ record, furtherRecords }: Pick<World, 'record' | 'furtherRecords'>): void {
  if (furtherRecords.length === 0) return;
  const all = [...(record === undefined ? [] : [record]), ...furtherRecords];
  throw new AnnyError('REFUSED', {
    doing: 'reading the records of the name',
    found: `it has ${all.map(({ type, data }) => `${type} ${data}`).join(', ')}, and a switch changes one A record`,
    next: 'delete the others (an IPv6 or alias record would lead some users elsewhere), then run this again; anny-bluegreen doctor says how',
  });
}
