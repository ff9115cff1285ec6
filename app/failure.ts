import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from 'fastify';
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

const REASONS = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' } as const;

/** Bytes on a connection that never became a request. Afterwards nobody knows where the next would begin: it is closed. */
export function onConnectionError({ code }: ConnectionError, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const requestId = randomUUID();
  const message = `This is no HTTP request that can be read: ${REASONS[status]}.`;
  const body = JSON.stringify({ error: REASONS[status].toLowerCase().replaceAll(' ', '_'), message, requestId });
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Without the query: what people search for is theirs. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
