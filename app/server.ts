import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { fastify, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { endConnectionsWhenStopping } from './connections.ts';
import { onConnectionError, onError, onNotFound, pathOf } from './failure.ts';
import { MAX_ID_LENGTH } from './memory/entry.ts';

export interface ServerOptions {
  /** A level of pino's. */
  readonly logLevel: string;
  /** Addresses whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** How long requests may take to finish once we stop. */
  readonly finishMs?: number;
}

/** What the grace period (app.stop_grace, 10 s) leaves beyond it is for writing memory.json. */
const FINISH_MS = 5000;

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** An HTTP server with logs, request ids, errors and an orderly end, and nothing to serve yet. */
export function createServer(options: ServerOptions): FastifyInstance {
  const app = fastify({
    logger: { level: options.logLevel },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: ({ headers }) => requestId(headers['x-request-id']),
    trustProxy: [...options.trustedProxies],
    // A request that comes on an open connection while we stop is answered too, not turned away.
    return503OnClosing: false,
    // Longer than nginx keeps an idle connection to us, so that it never sends on one that we are closing.
    keepAliveTimeout: 75_000,
    requestTimeout: 30_000,
    bodyLimit: 1024 * 1024,
    // Percent-encoded, every character of an id may take three.
    routerOptions: { maxParamLength: 3 * MAX_ID_LENGTH + 1 },
    // For a path that cannot be decoded no hook runs.
    frameworkErrors: (error, request, reply) => {
      void reply.header('x-request-id', request.id);
      request.log.info({ method: request.method, status: error.statusCode, address: request.ip }, 'request');
      void onError(error, request, reply);
    },
    clientErrorHandler: onConnectionError,
    // Whoever offers another protocol than WebSocket is answered as if he had not.
    http: { shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket' },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(onError);
  app.setNotFoundHandler(onNotFound);
  logRequests(app);
  endConnectionsWhenStopping(app, options.finishMs ?? FINISH_MS);
  return app;
}

function requestId(sent: unknown): string {
  return typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : randomUUID();
}

/** One line a request. Headers and bodies hold secrets and what people remember: they are never in it. */
function logRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, ip } = request;
    const ms = Math.round(reply.elapsedTime * 10) / 10;
    request.log.info({ method, path: pathOf(url), status: reply.statusCode, ms, address: ip }, 'request');
  });
}
