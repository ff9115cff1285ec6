import { isBakeMachine, MAY_BAKE_MS } from '../../builder/bake-machine.ts';
import type { Instance } from '../../cloud/cloud.ts';
import { isQuiet } from '../../lease/list.ts';
import { age } from '../age.ts';
import { isDrill, readTags, tagValue } from '../tags.ts';
import { decide, destroyByHand, type Finding, fix } from './finding.ts';
import type { Observations } from './observations.ts';

/** What lies about in the account: leftovers of bakes, and what nobody can read. */
export function accountFindings(seen: Observations): readonly Finding[] {
  return [...bakes(seen), ...snapshots(seen), ...drills(seen), ...unreadable(seen)];
}

function bakes(seen: Observations): Finding[] {
  const { tagged, nowSeconds } = seen;
  return tagged
    .filter(({ tags, createdAt }) => isBakeMachine(tags) && isLeft(seen, tagValue(tags, 'op'), createdAt))
    .map(({ label, tags, createdAt }) => ({
      code: 'orphan-bake',
      severity: 'warning',
      found: `${label} has been there for ${ageOf(createdAt, nowSeconds)}, and no bake works with it`,
      means: 'a bake was killed, or left it for a look; the machine only costs money',
      repair: fix({ kind: 'sweep', operation: tagValue(tags, 'op') }),
    }));
}

function snapshots(seen: Observations): Finding[] {
  const { images, nowSeconds } = seen;
  return images
    .filter(({ stage, operation, createdAt }) => stage === 'candidate' && isLeft(seen, operation, createdAt))
    .map(({ name, digest, operation, createdAt }) => ({
      code: 'orphan-snapshot',
      severity: 'warning',
      found: `the snapshot of ${name} ${digest.slice(0, 12)} has been untested for ${ageOf(createdAt, nowSeconds)}`,
      means: 'a bake was killed before its test; the snapshot is never used and only costs money',
      repair: fix({ kind: 'sweep', operation }),
    }));
}

/** No drill takes as long. */
const MAY_DRILL_SECONDS = 2 * 3_600;

function drills({ tagged, environment, nowSeconds, apiUrl }: Observations): Finding[] {
  return tagged
    .filter((one) => isDrill(one, environment) && isLeftDrill(one, nowSeconds))
    .map(({ id, label, createdAt }) => ({
      code: 'orphan-drill',
      severity: 'warning',
      found: `${label} has been there for ${ageOf(createdAt, nowSeconds)}, and no drill takes as long`,
      means: 'a drill was killed; the machine only costs money, and the next drill destroys it',
      repair: decide(destroyByHand(apiUrl, `instances/${id}`)),
    }));
}

export function isLeftDrill({ createdAt }: Instance, nowSeconds: number): boolean {
  return nowSeconds - Date.parse(createdAt) / 1000 > MAY_DRILL_SECONDS;
}

function unreadable({ tagged, environment, apiUrl }: Observations): Finding[] {
  return tagged
    .filter(
      (one) =>
        isOurs(one, environment) &&
        !isBakeMachine(one.tags) &&
        !isDrill(one, environment) &&
        isUnreadable(one, environment),
    )
    .map(({ id, label, tags }) => ({
      code: 'unreadable',
      severity: 'warning',
      found: `${label} (${id}) is tagged ${tags.join(' ') || 'nothing'}, and no command knows what it is`,
      means: 'its tags were changed by hand, or another version made it; it costs money and may hold data',
      repair: decide(destroyByHand(apiUrl, `instances/${id}`)),
    }));
}

/** Another environment's machines are not ours to judge; one that names none may be anybody's. */
function isOurs({ tags }: Instance, environment: string): boolean {
  return [environment, ''].includes(tagValue(tags, 'env'));
}

function isUnreadable(one: Instance, environment: string): boolean {
  const tags = readTags(one, environment);
  return tags === undefined || tags.release === '' || tags.hostKey === '';
}

/** Its bake has a claim that nobody keeps up, or is older than any bake. */
export function isLeft({ bakes, nowSeconds }: Observations, operation: string, createdAt: string): boolean {
  const claim = bakes.find((one) => one.claim.operation === operation);
  if (claim !== undefined) return claim.claim.state === 'left' || isQuiet(claim);
  return nowSeconds * 1000 - Date.parse(createdAt) >= MAY_BAKE_MS;
}

function ageOf(createdAt: string, nowSeconds: number): string {
  return age(nowSeconds - Date.parse(createdAt) / 1000);
}
