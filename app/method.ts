import type { FastifyInstance } from 'fastify';
import { fail, pathOf } from './failure.ts';

/** On every path that `routes` adds, methods that it has no route for are answered with 405 and what is allowed. */
export async function refuseOtherMethods(app: FastifyInstance, routes: () => Promise<void>): Promise<void> {
  const known = new Map<string, Set<string>>();
  let collecting = true;
  app.addHook('onRoute', ({ url, method }) => {
    if (!collecting) return;
    const methods = known.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    known.set(url, methods);
  });
  await routes();
  collecting = false;
  for (const [url, methods] of known) refuse(app, url, [...methods].sort());
}

function refuse(app: FastifyInstance, url: string, allowed: readonly string[]): void {
  app.route({
    url,
    method: app.supportedMethods.filter((method) => !allowed.includes(method)),
    schema: { hide: true },
    handler: async (request, reply) => {
      void reply.header('allow', allowed.join(', '));
      const message = `${pathOf(request.url)} takes ${allowed.join(', ')}, not ${request.method}.`;
      return fail(request, reply, 405, 'method_not_allowed', message);
    },
  });
}
