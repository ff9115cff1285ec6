import type { FastifyInstance } from 'fastify';
import type { Memory } from './memory/memory.ts';

/** Takes no new connections, answers what is in flight, and leaves a whole memory.json. */
export async function stop(app: FastifyInstance, memory: Memory): Promise<void> {
  await app.close();
  await memory.close();
}
