import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

/** The OpenAPI document of every route registered after this, as a page at /docs and as JSON at /docs/json. */
export async function documentation(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Anny', version, description: 'A memory that keeps what it has acknowledged.' },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutInputs(jsonSchemaTransformObject(document)),
  });
  // Without the bar in which another document could be asked for.
  const uiConfig = { layout: 'BaseLayout', tryItOutEnabled: true };
  await app.register(swaggerUi, { routePrefix: '/docs', theme: { title: 'Anny' }, uiConfig });
}

/** The provider names every schema a second time, for requests; ours are of answers alone. */
function withoutInputs(document: ReturnType<typeof jsonSchemaTransformObject>): typeof document {
  const schemas = ('components' in document && document.components?.schemas) || {};
  for (const name of Object.keys(schemas)) if (name.endsWith('Input')) Reflect.deleteProperty(schemas, name);
  return document;
}
