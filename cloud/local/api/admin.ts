import Fastify, { type FastifyInstance } from 'fastify';
import { bodyOf } from './body.ts';
import { ANY_OPERATION, type Faults, plannedFaultSchema } from './faults.ts';
import { Problem } from './problem.ts';
import type { Store } from './store.ts';
import { addTerms } from './terms.ts';

/** Knobs for tests: PUT a fault, GET what is still to come, DELETE them all; the terms of the account. It must only listen on loopback. */
export function createAdminApi(faults: Faults, store: Store): FastifyInstance {
  const server = Fastify({ logger: false });
  server.setErrorHandler((error, _request, reply) => {
    const refused = error instanceof Error && 'statusCode' in error && error.statusCode !== 500;
    const status = error instanceof Problem ? error.status : refused ? 400 : 500;
    return reply.code(status).send({ error: error instanceof Error ? error.message : String(error) });
  });
  server.get('/operations', () => ({ operations: faults.operations() }));
  server.get('/faults', () => ({ faults: faults.list() }));
  server.put('/faults', async (request, reply) => {
    const { fault, times } = bodyOf(plannedFaultSchema, request.body);
    if ('operation' in fault) refuseUnknown(faults, fault.operation);
    faults.plan(fault, times);
    return reply.code(204).send();
  });
  server.delete('/faults', async (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
  addTerms(server, store);
  return server;
}

/** A fault of an operation that does not exist would wait for ever, and its test would pass for nothing. */
function refuseUnknown(faults: Faults, operation: string): void {
  if (operation === ANY_OPERATION || faults.operations().includes(operation)) return;
  throw new Problem(400, `Invalid fault.operation: no "${operation}"; GET /operations lists them`);
}
