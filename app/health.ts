import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Memory } from './memory/memory.ts';

export const healthSchema = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    version: z.string(),
    /** Digest of the image that this runs from; "" when nobody said. */
    imageDigest: z.string(),
    uptimeSeconds: z.number(),
    writes: z
      .int()
      .optional()
      .describe('Entries remembered so far, forgotten ones too: it only grows, and moves with the data. Told when ok'),
    memory: z.object({
      state: z.enum(['ok', 'failing', 'refused']),
      reason: z.string(),
      entries: z.int(),
      bytes: z.int(),
    }),
    serviceAccount: z.enum(['loaded', 'absent']),
  })
  .meta({ id: 'Health' });

export interface HealthSource {
  readonly memory: Memory;
  readonly version: string;
  readonly imageDigest: string;
  readonly hasServiceAccount: boolean;
}

export function healthRoute(app: FastifyInstance, source: HealthSource): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/health',
    {
      logLevel: 'warn',
      schema: {
        summary: 'Whether Anny can do its work; 503 when its memory cannot be trusted or written',
        tags: ['service'],
        response: { 200: healthSchema, 503: healthSchema },
      },
    },
    async (_request, reply) => {
      // Nobody may be writing, so that only a look can find out that the disk works again.
      if (source.memory.condition.state === 'failing') await source.memory.probe().catch(() => {});
      const { condition, count, bytes } = source.memory;
      const ok = condition.state === 'ok';
      return reply.code(ok ? 200 : 503).send({
        status: ok ? 'ok' : 'unavailable',
        version: source.version,
        imageDigest: source.imageDigest,
        uptimeSeconds: Math.round(process.uptime() * 1000) / 1000,
        ...(ok ? { writes: source.memory.latest } : {}),
        memory: { ...condition, entries: count, bytes },
        serviceAccount: source.hasServiceAccount ? 'loaded' : 'absent',
      });
    },
  );
}
