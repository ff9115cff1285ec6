import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { MemoryProblem } from './memory/problem.ts';

/** Every answer that is not what was asked for. `error` is stable, `message` is for people. */
export const failureSchema = z
  .object({ error: z.string(), message: z.string(), requestId: z.string() })
  .meta({ id: 'Failure' });

const STATUS = { refused: 503, failing: 503, busy: 503, full: 507 } as const;
const RETRY_AFTER_S = { refused: 60, failing: 5, busy: 1, full: 30 } as const;

export function fail(request: FastifyRequest, reply: FastifyReply, status: number, error: string, message: string) {
  return reply.code(status).send({ error, message, requestId: request.id });
}

/** Fastify's error handler. An unexpected error is logged whole and told to nobody. */
export function onError(error: FastifyError | MemoryProblem, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof MemoryProblem) {
    request.log.warn({ kind: error.kind, reason: error.message }, 'memory problem');
    void reply.header('retry-after', RETRY_AFTER_S[error.kind]);
    return fail(request, reply, STATUS[error.kind], `memory_${error.kind}`, error.message);
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return fail(request, reply, status, error.code?.toLowerCase() ?? 'bad_request', error.message);
  request.log.error({ err: error }, 'unexpected error');
  return fail(request, reply, 500, 'internal', `Anny failed; look for request ${request.id} in its log.`);
}

export function onNotFound(request: FastifyRequest, reply: FastifyReply) {
  return fail(request, reply, 404, 'not_found', `There is nothing at ${request.method} ${pathOf(request.url)}.`);
}

/** Without the query: what people search for is theirs. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
