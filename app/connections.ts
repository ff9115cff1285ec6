import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

const LOOK_MS = 25;
/** A connection that was opened just before we stop gets this long to say what it wants. */
const SILENT_MS = 250;

/**
 * Once `app` stops, every answer tells its client to send nothing more on that connection, and what is idle is closed.
 * Requests get `finishMs` to come to their end.
 */
export function endConnectionsWhenStopping(app: FastifyInstance, finishMs: number): void {
  const open = new Set<Socket>();
  let stoppedMs: number | undefined;
  app.server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });

  function look(): void {
    const ms = performance.now() - (stoppedMs ?? performance.now());
    // Connections that become idle only now would otherwise stay until their client gives up.
    app.server.closeIdleConnections();
    if (ms >= SILENT_MS) closeSilent();
    if (ms >= finishMs) app.server.closeAllConnections();
  }

  /** Node does not count a connection without any request as idle. */
  function closeSilent(): void {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  }

  app.addHook('preClose', async () => {
    stoppedMs = performance.now();
    const timer = setInterval(look, LOOK_MS);
    app.server.once('close', () => clearInterval(timer));
  });
  app.addHook('onSend', async (_request, reply) => {
    if (stoppedMs !== undefined) void reply.header('connection', 'close');
  });
}
