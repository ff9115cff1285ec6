import type { FastifyInstance } from 'fastify';
import type { Memory } from './memory/memory.ts';

/** Requests get this long to finish; what the grace period leaves beyond it is for writing memory.json. */
const FINISH_MS = 5000;
const LOOK_MS = 25;

/** Takes no new connections, answers what is in flight, and leaves a whole memory.json. */
export async function stop(app: FastifyInstance, memory: Memory): Promise<void> {
  // Connections that become idle only now would otherwise stay until their client gives up.
  const idle = setInterval(() => app.server.closeIdleConnections(), LOOK_MS);
  const late = setTimeout(() => app.server.closeAllConnections(), FINISH_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
  await memory.close();
}
