import { type IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket, WebSocketServer } from 'ws';
import { fail, pathOf } from './failure.ts';

/** "Service restart": the client comes again at once, and reaches whoever serves then. */
const RESTART_CODE = 1012;
/** Clients of other requests wait while we stop: one that does not answer our goodbye gets no more than this. */
export const GOODBYE_MS = 500;
/** Shorter than any proxy on the way waits for a connection on which nothing is said. */
const PING_MS = 30_000;
const MAX_SOCKETS = 1000;
/** Of one message from a client: nothing that is served here needs more. */
const MAX_MESSAGE_BYTES = 4096;

/** WebSockets of an app, on routes like any other: with its hooks, its guard and its errors. */
export interface Sockets {
  /** In a route's handler: makes the request a WebSocket, or answers why it cannot. */
  accept(request: FastifyRequest, reply: FastifyReply, opened: (socket: WebSocket) => void): Promise<void>;
}

interface Upgrade {
  readonly socket: Socket;
  readonly head: Buffer;
  readonly response: ServerResponse;
}

/** Every socket of `app` gets a close frame when it stops, before it stops listening. */
export function openSockets(app: FastifyInstance): Sockets {
  const upgrades = new WeakMap<IncomingMessage, Upgrade>();
  let server: Promise<WebSocketServer> | undefined;
  let open: ReadonlySet<WebSocket> = new Set();
  let stopping = false;

  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!(socket instanceof Socket)) return void socket.destroy();
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    // It was answered without becoming a WebSocket.
    response.on('finish', () => socket.end());
    upgrades.set(request, { socket, head, response });
    app.routing(request, response);
  });
  app.addHook('preClose', async () => {
    stopping = true;
    for (const socket of open) sayGoodbye(socket);
  });

  /** Loaded with the first WebSocket: until then it would only make the start slower. */
  async function load(): Promise<WebSocketServer> {
    const { WebSocketServer } = await import('ws');
    const loaded = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
    open = loaded.clients;
    dropTheSilent(app, open);
    return loaded;
  }

  async function accept(
    request: FastifyRequest,
    reply: FastifyReply,
    opened: (socket: WebSocket) => void,
  ): Promise<void> {
    const upgrade = upgrades.get(request.raw);
    if (upgrade === undefined) {
      void reply.header('upgrade', 'websocket');
      return fail(request, reply, 426, 'upgrade_required', `${pathOf(request.url)} is a WebSocket.`);
    }
    if (open.size >= MAX_SOCKETS) {
      void reply.header('retry-after', 30);
      return fail(request, reply, 503, 'too_many_sockets', `${open.size} WebSockets are open already.`);
    }
    server ??= load();
    const loaded = await server;
    reply.hijack();
    upgrade.response.detachSocket(upgrade.socket);
    loaded.handleUpgrade(request.raw, upgrade.socket, upgrade.head, (socket) => {
      socket.on('error', () => socket.terminate());
      socket.once('close', (code) => logEnd(request, reply, code));
      // It came on a connection that was open already.
      if (stopping) sayGoodbye(socket);
      else opened(socket);
    });
  }

  return { accept };
}

function sayGoodbye(socket: WebSocket): void {
  socket.close(RESTART_CODE, 'Anny restarts: come again.');
  const timer = setTimeout(() => socket.terminate(), GOODBYE_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** Clients that went away without a word would be told everything for ever. */
function dropTheSilent(app: FastifyInstance, open: ReadonlySet<WebSocket>): void {
  const asked = new WeakSet<WebSocket>();
  const timer = setInterval(() => {
    for (const socket of open) {
      if (asked.has(socket)) {
        socket.terminate();
        continue;
      }
      asked.add(socket);
      socket.once('pong', () => asked.delete(socket));
      socket.ping();
    }
  }, PING_MS);
  app.server.once('close', () => clearInterval(timer));
}

function logEnd(request: FastifyRequest, reply: FastifyReply, code: number): void {
  const { method, url, ip } = request;
  request.log.info(
    { method, path: pathOf(url), status: 101, ms: Math.round(reply.elapsedTime), address: ip, code },
    'request',
  );
}
