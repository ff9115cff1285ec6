import type { FastifyInstance } from 'fastify';
import type { Exchange } from './contract.ts';

export interface Watched extends Exchange {
  /** The route that answered: "GET /instances/:id". */
  readonly operation: string;
}

/** Everything that goes in and out of a server, as it goes over the wire. */
export function watch(server: FastifyInstance): Watched[] {
  const seen: Watched[] = [];
  server.addHook('onSend', async (request, reply, payload) => {
    const text = typeof payload === 'string' ? payload : '';
    seen.push({
      operation: `${request.method} ${(request.routeOptions.url ?? '').replace(/^\/v2/, '')}`,
      method: request.method,
      target: request.url.replace(/^\/v2/, ''),
      body: request.body ?? undefined,
      status: reply.statusCode,
      answer: text === '' ? undefined : JSON.parse(text),
    });
    return payload;
  });
  return seen;
}
