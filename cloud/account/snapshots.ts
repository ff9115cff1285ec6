import { z } from 'zod';
import type { Clock } from '../../operation/clock.ts';
import type { Cloud } from '../cloud.ts';
import { nothing, snapshotAnswer } from './answers.ts';
import type { Api } from './call.ts';
import { createOnce } from './create-once.ts';
import { listAll } from './list.ts';

type Snapshots = Pick<Cloud, 'snapshots' | 'snapshot' | 'createSnapshot' | 'describeSnapshot' | 'deleteSnapshot'>;

const one = z.object({ snapshot: snapshotAnswer });

export function snapshotsOf(api: Api, clock: Clock): Snapshots {
  const list = () => listAll(api, '/snapshots', 'snapshots', snapshotAnswer);
  return {
    snapshots: list,
    snapshot: async (id) =>
      (await api.find({ method: 'GET', path: `/snapshots/${id}`, answer: one, doing: `reading snapshot ${id}` }))
        ?.snapshot,
    createSnapshot: async (instance, description) => {
      const snapshot = await createOnce(clock, {
        create: async () =>
          (
            await api.call({
              method: 'POST',
              path: '/snapshots',
              body: { instance_id: instance, description },
              answer: one,
              doing: `taking a snapshot of machine ${instance}`,
              creates: true,
            })
          ).snapshot,
        lookUp: async () => (await list()).find((found) => found.description === description),
      });
      return snapshot.id;
    },
    describeSnapshot: async (id, description) => {
      await api.call({
        method: 'PUT',
        path: `/snapshots/${id}`,
        body: { description },
        answer: nothing,
        doing: `describing snapshot ${id}`,
      });
    },
    deleteSnapshot: async (id) => {
      await api.find({ method: 'DELETE', path: `/snapshots/${id}`, answer: nothing, doing: `deleting snapshot ${id}` });
    },
  };
}
