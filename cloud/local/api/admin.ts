import Fastify, { type FastifyInstance } from 'fastify';
import { type Faults, plannedFaultSchema } from './faults.ts';

/** Knobs for tests: PUT a fault, GET what is still to come, DELETE them all. It must only listen on loopback. */
export function createAdminApi(faults: Faults): FastifyInstance {
  const server = Fastify({ logger: false });
  server.get('/faults', () => ({ faults: faults.list() }));
  server.put('/faults', async (request, reply) => {
    const parsed = plannedFaultSchema.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send({ error: parsed.error.issues[0]?.message ?? 'not a fault' });
    faults.plan(parsed.data.fault, parsed.data.times);
    return reply.code(204).send();
  });
  server.delete('/faults', async (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
  return server;
}
