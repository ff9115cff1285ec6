import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { documentation } from './documentation.ts';
import type { GuardOptions } from './guard.ts';
import { createGuard, guardFailures, security } from './guard.ts';
import type { HealthSource } from './health.ts';
import { healthRoute } from './health.ts';
import { memoryRoutes } from './memory/routes.ts';
import { refuseOtherMethods } from './method.ts';
import { openSockets } from './sockets.ts';

export interface ServiceOptions extends GuardOptions, HealthSource {
  readonly greeting: string;
}

/** Everything that Anny answers. Health and documentation are open, the rest needs a key. */
export async function serve(app: FastifyInstance, options: ServiceOptions): Promise<void> {
  await documentation(app, options.version);
  const sockets = openSockets(app);
  await refuseOtherMethods(app, async () => {
    healthRoute(app, options);
    await app.register(async (guarded) => {
      guarded.addHook('onRequest', createGuard(options));
      greetingRoute(guarded, options.greeting);
      memoryRoutes(guarded, options.memory, sockets);
    });
  });
}

const greetingSchema = z.object({ greeting: z.string() }).meta({ id: 'Greeting' });

function greetingRoute(instance: FastifyInstance, greeting: string): void {
  const schema = {
    summary: 'The greeting of config.yaml',
    tags: ['service'],
    security,
    response: { 200: greetingSchema, ...guardFailures },
  };
  instance.withTypeProvider<ZodTypeProvider>().get('/', { schema }, async () => ({ greeting }));
}
