import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startService } from './test/service.ts';

const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ summary: z.string(), responses: z.looseObject({}) })),
  ),
});

describe('the OpenAPI page', () => {
  it('describes every route', async () => {
    const { ask } = await startService();
    const document = documentSchema.parse((await ask('/docs/json', { key: '' })).json());
    expect(document.openapi).toMatch(/^3\.1/);
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual([
      'DELETE /memory/{id}',
      'GET /',
      'GET /changes',
      'GET /health',
      'GET /memory',
      'GET /memory/search',
      'GET /memory/{id}',
      'POST /memory',
    ]);
  });

  it('says of every route how to show a key, but of health', async () => {
    const { ask } = await startService();
    const { paths } = documentSchema.parse((await ask('/docs/json')).json());
    for (const [path, methods] of Object.entries(paths))
      for (const { security, responses } of Object.values(methods)) {
        expect(security).toEqual(path === '/health' ? undefined : [{ bearer: [] }, { header: [] }]);
        if (path !== '/health') expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '429']));
      }
  });

  it('names each schema once', async () => {
    const { ask } = await startService();
    const { components } = z
      .looseObject({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
      .parse((await ask('/docs/json')).json());
    expect(Object.keys(components.schemas).sort()).toEqual(['Entry', 'Failure', 'Greeting', 'Health', 'Page']);
  });

  it('is served with everything that it needs, from here', async () => {
    const { ask } = await startService();
    const page = await ask('/docs', { key: '' });
    expect(page.status).toBe(200);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '');
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(part).not.toMatch(/^(https?:)?\/\//);
      expect((await ask(new URL(part, 'http://host/docs').pathname, { key: '' })).status).toBe(200);
    }
  });
});
