import { holderOf } from '../../lease/claim-text.ts';
import { interruptedIn, runningIn } from '../../lease/list.ts';
import { age } from '../age.ts';
import type { Release } from '../release.ts';
import { decide, type Finding, look } from './finding.ts';
import type { Observations } from './observations.ts';

/** Somebody is at work: what looks half done may be just that. */
export function commandRunning({ claims, nowSeconds }: Observations): readonly Finding[] {
  const running = runningIn(claims);
  if (running === undefined) return [];
  const { command, since } = running.claim;
  return [
    {
      code: 'command-running',
      severity: 'info',
      found: `${command}, by ${holderOf(running.claim)}, has been running for ${age(nowSeconds - since / 1000)}`,
      means: 'what looks half done may be what it is doing; every other command waits for it',
      repair: look('anny-bluegreen lock list'),
    },
  ];
}

/** Is it what a command that runs now is about? */
export function isBeingDone({ claims }: Observations, { tags }: Release): boolean {
  return runningIn(claims)?.claim.operation === tags.operation;
}

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
