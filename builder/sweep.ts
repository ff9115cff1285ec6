import type { Cloud } from '../cloud/cloud.ts';
import { type Operation, runStep } from '../operation/step.ts';
import type { BakeContext } from './bake.ts';
import { isBakeMachine } from './bake-machine.ts';
import { imagesIn } from './catalog.ts';

/** Takes away the machines and untested snapshots of bakes that were killed on this computer: nobody else ever will. */
export async function sweepKilled(context: BakeContext): Promise<void> {
  const { operation, running } = context;
  const killed = (await running.killed()).filter((id) => id !== operation.id);
  if (killed.length === 0) return;
  await sweepBakes(context, killed);
  for (const id of killed) await running.end(id);
}

/** Takes away the machines and untested snapshots of bakes, by their operations. */
export async function sweepBakes(
  { cloud, operation }: { readonly cloud: Cloud; readonly operation: Operation },
  bakes: readonly string[],
): Promise<void> {
  await runStep(operation, {
    name: 'sweep',
    detail: 'after a bake that was killed',
    run: async () => {
      const [instances, images] = await Promise.all([cloud.instances(), imagesIn(cloud)]);
      const isTheirs = (tags: readonly string[]): boolean => bakes.some((id) => tags.includes(`op=${id}`));
      const machines = instances.filter(({ tags }) => tags.includes('anny') && isBakeMachine(tags) && isTheirs(tags));
      const snapshots = images.filter((image) => image.stage === 'candidate' && bakes.includes(image.operation));
      for (const { id } of machines) await cloud.destroyInstance(id);
      for (const { snapshotId } of snapshots) await cloud.deleteSnapshot(snapshotId);
      return { machines: machines.length, snapshots: snapshots.length };
    },
    describe: ({ machines, snapshots }) => `${machines} machines and ${snapshots} untested snapshots destroyed`,
  });
}
