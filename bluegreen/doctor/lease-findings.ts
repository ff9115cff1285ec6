import { holderOf } from '../../lease/claim-text.ts';
import { interruptedIn } from '../../lease/list.ts';
import { age } from '../age.ts';
import { decide, type Finding } from './finding.ts';
import type { Observations } from './observations.ts';

/** A command that was cut off is somebody's to decide about: to go on with, or to take back. */
export function leaseFindings({ claims, nowSeconds }: Observations): readonly Finding[] {
  const interrupted = interruptedIn(claims);
  if (interrupted === undefined) return [];
  const { command, since } = interrupted.claim;
  return [
    {
      code: 'command-interrupted',
      severity: 'warning',
      found: `${command}, by ${holderOf(interrupted.claim)}, begun ${age(nowSeconds - since / 1000)} ago, was cut off`,
      means: 'what it had begun may lie about; resume goes on with it, anny-bluegreen abort takes it back',
      repair: decide('anny-bluegreen resume'),
    },
  ];
}
