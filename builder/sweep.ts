import type { Cloud } from '../cloud/cloud.ts';
import { PREFIX } from '../lease/claim.ts';
import { isExpired, type Sighting } from '../lease/decide.ts';
import { type Lookout, openLookout } from '../lease/look.ts';
import { type Operation, runStep } from '../operation/step.ts';
import type { BakeContext } from './bake-context.ts';
import { isBakeMachine } from './bake-machine.ts';
import { imagesIn } from './catalog.ts';
import type { Identity } from './digest.ts';
import { dropImage } from './papers/archive.ts';

/** How the scopes of all bakes begin. */
export const BAKES = 'bake-';

/** One bake of a digest at a time. */
export function bakeScope({ digest }: Identity): string {
  return `${BAKES}${digest.slice(0, 12)}`;
}

/** Takes away the machines and untested snapshots of bakes that were killed on this computer, at once; resolves with their operations. */
export async function sweepKilled(context: BakeContext): Promise<readonly string[]> {
  const { operation, running } = context;
  const killed = (await running.killed()).filter((id) => id !== operation.id);
  if (killed.length === 0) return [];
  await sweepBakes(context, killed);
  const claims = (await watchBakes(context).look()).filter(
    ({ claim }) => claim !== undefined && killed.includes(claim.operation),
  );
  for (const { id } of claims) await context.cloud.deleteNote(id);
  for (const id of killed) await running.end(id);
  return killed;
}

/** Sees the claims of all bakes, of every digest and from every computer. */
export function watchBakes({ cloud, operation, here }: BakeContext): Lookout {
  return openLookout({ cloud, clock: operation.clock, here }, `${PREFIX}${BAKES}`);
}

/** Takes away what bakes left whose claims have expired, wherever they ran. */
export async function sweepGone(context: BakeContext, seen: readonly Sighting[]): Promise<void> {
  const others = seen.filter(({ claim }) => claim !== undefined && claim.operation !== context.operation.id);
  const gone = others.filter((one) => one.claim?.state === 'left' || isExpired(one));
  if (gone.length === 0) return;
  const operations = gone.flatMap(({ claim }) => (claim === undefined ? [] : [claim.operation]));
  await sweepBakes(context, operations);
  for (const { id } of gone) await context.cloud.deleteNote(id);
}

/** Takes away the machines and untested snapshots of bakes, by their operations. */
export async function sweepBakes(
  { cloud, operation }: { readonly cloud: Cloud; readonly operation: Operation },
  bakes: readonly string[],
): Promise<void> {
  await runStep(operation, {
    name: 'sweep',
    detail: `what ${bakes.length === 1 ? 'bake' : 'bakes'} ${bakes.join(', ')} left`,
    run: async () => {
      const [instances, images] = await Promise.all([cloud.instances(), imagesIn(cloud)]);
      const isTheirs = (tags: readonly string[]): boolean => bakes.some((id) => tags.includes(`op=${id}`));
      const machines = instances.filter(({ tags }) => tags.includes('anny') && isBakeMachine(tags) && isTheirs(tags));
      const snapshots = images.filter((image) => image.stage === 'candidate' && bakes.includes(image.operation));
      for (const { id } of machines) await cloud.destroyInstance(id);
      for (const image of snapshots) await dropImage(cloud, image);
      return { machines: machines.length, snapshots: snapshots.length };
    },
    describe: ({ machines, snapshots }) =>
      machines + snapshots === 0
        ? 'there is nothing'
        : `${counted(machines, 'machine')} and ${counted(snapshots, 'untested snapshot')} destroyed`,
  });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
