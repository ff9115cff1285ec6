import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { type PageQuery, page } from './pages.ts';
import { locked, notFound, Problem } from './problem.ts';
import type { Account } from './server.ts';
import type { StoredSnapshot } from './store.ts';

const createBody = z.object({ instance_id: z.string(), description: z.string().default('') });
const changeBody = z.object({ description: z.string() });

interface ById {
  Params: { id: string };
}

export function addSnapshots(api: FastifyInstance, { store, machines, hypervisor, clock }: Account): void {
  const find = (id: string): StoredSnapshot => {
    const snapshot = store.state.snapshots.find((one) => one.id === id);
    if (snapshot === undefined) throw notFound('snapshot');
    return snapshot;
  };

  api.get<{ Querystring: PageQuery & { description?: string } }>('/snapshots', ({ query }) => {
    const { description } = query;
    const wanted = store.state.snapshots.filter((one) => description === undefined || one.description === description);
    return page('snapshots', wanted.map(shown), query);
  });

  api.post('/snapshots', async (request, reply) => {
    const body = bodyOf(createBody, request.body);
    const instance = store.state.instances.find(({ id }) => id === body.instance_id);
    if (instance === undefined) throw new Problem(404, 'instance not found');
    if (machines.isLocked(instance.id)) throw locked('snapshot');
    const snapshot: StoredSnapshot = {
      id: randomUUID(),
      date_created: new Date(clock.now()).toISOString(),
      description: body.description,
      size: 0,
      compressed_size: 0,
      status: 'pending',
      os_id: instance.os_id,
      app_id: 0,
      instance_id: instance.id,
    };
    store.state.snapshots.push(snapshot);
    await store.save();
    const answer = shown(snapshot);
    machines.snapshot(snapshot);
    return reply.code(201).send({ snapshot: answer });
  });

  api.post('/snapshots/create-from-url', () => {
    throw new Problem(400, 'The local cloud does not support snapshots from a URL');
  });

  api.get<ById>('/snapshots/:id', ({ params }) => ({ snapshot: shown(find(params.id)) }));

  api.put<ById>('/snapshots/:id', async ({ params, body }, reply) => {
    find(params.id).description = bodyOf(changeBody, body).description;
    await store.save();
    return reply.code(204).send();
  });

  api.delete<ById>('/snapshots/:id', async ({ params }, reply) => {
    const snapshot = find(params.id);
    await hypervisor.deleteSnapshot(snapshot.id);
    store.state.snapshots = store.state.snapshots.filter((one) => one !== snapshot);
    await store.save();
    return reply.code(204).send();
  });
}

/** As the API shows a snapshot: it does not tell which machine it was taken of. */
function shown({ instance_id, ...one }: StoredSnapshot) {
  return one;
}
