import type { Cloud, InstanceId, SnapshotId } from '../cloud/cloud.ts';
import { AnnyError } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import { waitFor } from '../operation/wait.ts';
import type { BakeContext, BakeRequest } from './bake-context.ts';
import { describeImage } from './catalog.ts';

const POWER_OFF_TIMEOUT_MS = 5 * 60_000;

/** Shut down from inside, and seen stopped: a halt of the API is a pulled plug (packer-plugin-vultr PR#15). */
export async function powerOff({ operation, cloud }: BakeContext, id: InstanceId): Promise<void> {
  await runStep(operation, {
    name: 'shut down',
    interruptible: true,
    run: () =>
      waitFor(
        operation.clock,
        {
          what: 'the builder to be seen stopped',
          timeoutMs: POWER_OFF_TIMEOUT_MS,
          next: 'run the bake again',
          stop: operation.interrupt,
        },
        async () => {
          const now = await cloud.instance(id);
          return now?.power === 'stopped' ? { done: true } : { not: `power is ${now?.power ?? 'unknown'}` };
        },
      ),
    describe: () => 'seen stopped',
  });
}

export async function takeSnapshot(context: BakeContext, request: BakeRequest, id: InstanceId): Promise<SnapshotId> {
  const { operation, cloud, settings } = context;
  const description = describeImage({ ...labelOf(request), stage: 'candidate', operation: operation.id });
  const made: { id?: SnapshotId } = {};
  const snapshot = await runStep(operation, {
    name: 'snapshot',
    run: async () => {
      made.id = await cloud.createSnapshot(id, description);
      return made.id;
    },
    undo: () => dropCandidate(cloud, made.id, description),
    describe: (snapshotId) => snapshotId,
  });
  await runStep(operation, {
    name: 'wait for the snapshot',
    interruptible: true,
    run: (progress) =>
      waitFor(
        operation.clock,
        {
          what: 'the snapshot',
          timeoutMs: settings.config.image.snapshot_timeout,
          next: 'image.snapshot_timeout in config.yaml gives it longer',
          stop: operation.interrupt,
        },
        async () => {
          const status = (await cloud.snapshot(snapshot))?.status ?? 'not known yet';
          progress.progress(status);
          if (status === 'deleted') throw lostSnapshot(snapshot);
          return status === 'complete' ? { done: true } : { not: status };
        },
      ),
    describe: () => 'complete',
  });
  return snapshot;
}

/** By its description too: an order whose answer was lost may have made one. One that is called tested by now stays. */
async function dropCandidate(cloud: Cloud, id: SnapshotId | undefined, description: string): Promise<void> {
  const known = id === undefined ? undefined : await cloud.snapshot(id);
  const listed = (await cloud.snapshots()).filter((one) => one.description === description).map((one) => one.id);
  const fresh = id !== undefined && known === undefined ? [id] : [];
  for (const one of new Set([...listed, ...fresh])) await cloud.deleteSnapshot(one);
}

function lostSnapshot(id: SnapshotId): AnnyError {
  return new AnnyError('WAIT_TIMEOUT', {
    doing: 'waiting for the snapshot',
    found: `the account has deleted ${id}`,
    next: "see the account's limit of snapshots and who else works there, then bake again",
  });
}

/** Nothing is called tested that no fresh machine was booted from. */
export async function markTested(
  { operation, cloud }: BakeContext,
  request: BakeRequest,
  snapshot: SnapshotId,
): Promise<void> {
  const description = describeImage({ ...labelOf(request), stage: 'tested', operation: operation.id });
  await runStep(operation, { name: 'mark tested', run: () => cloud.describeSnapshot(snapshot, description) });
}

function labelOf({ identity }: BakeRequest) {
  return { name: identity.name, digest: identity.digest, parent: identity.parent };
}
