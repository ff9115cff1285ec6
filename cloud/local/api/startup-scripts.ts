import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { type PageQuery, page } from './pages.ts';
import { notFound, Problem } from './problem.ts';
import type { Account } from './server.ts';
import type { StoredStartupScript } from './store.ts';

const script = z.base64('script must be base64');
const createBody = z.object({ name: z.string().min(1), type: z.enum(['boot', 'pxe']).default('boot'), script });
const changeBody = z.object({ name: z.string().min(1).optional(), script: script.optional() });

interface ById {
  Params: { id: string };
}

/** Kept, never run: no machine here is made with one. */
export function addStartupScripts(api: FastifyInstance, { store, clock }: Account): void {
  const now = (): string => new Date(clock.now()).toISOString();
  const find = (id: string): StoredStartupScript => {
    const found = store.state.startupScripts.find((one) => one.id === id);
    if (found === undefined) throw notFound('startup script');
    return found;
  };
  api.get<{ Querystring: PageQuery }>('/startup-scripts', ({ query }) =>
    page('startup_scripts', store.state.startupScripts.map(listed), query),
  );
  api.post('/startup-scripts', async (request, reply) => {
    const body = bodyOf(createBody, request.body);
    const made = { id: randomUUID(), date_created: now(), date_modified: now(), ...body };
    store.state.startupScripts.push(made);
    await store.save();
    return reply.code(201).send({ startup_script: made });
  });
  api.get<ById>('/startup-scripts/:id', ({ params }) => ({ startup_script: find(params.id) }));
  api.patch<ById>('/startup-scripts/:id', async ({ params, body }, reply) => {
    const change = bodyOf(changeBody, body);
    if (Object.keys(change).length === 0) throw new Problem(400, 'Nothing to change');
    Object.assign(find(params.id), change, { date_modified: now() });
    await store.save();
    return reply.code(204).send();
  });
  api.delete<ById>('/startup-scripts/:id', async ({ params }, reply) => {
    const found = find(params.id);
    store.state.startupScripts = store.state.startupScripts.filter((one) => one !== found);
    await store.save();
    return reply.code(204).send();
  });
}

/** As the API's own examples: a list has no texts. */
function listed({ script: _, ...rest }: StoredStartupScript): Omit<StoredStartupScript, 'script'> {
  return rest;
}
