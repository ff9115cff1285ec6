import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { failureSchema } from './failure.ts';
import type { Answer } from './test/client.ts';
import { startService } from './test/service.ts';

function failureIn(answer: Answer) {
  const failure = z.strictObject(failureSchema.shape).parse(answer.json());
  expect(failure.requestId).toBe(answer.headers.get('x-request-id'));
  return failure;
}

describe('an answer that is not what was asked for', () => {
  it('names an unknown path with 404, without its query', async () => {
    const { ask } = await startService();
    const answer = await ask('/nowhere?q=private');
    expect(answer.status).toBe(404);
    expect(failureIn(answer)).toMatchObject({ error: 'not_found', message: 'There is nothing at GET /nowhere.' });
  });

  it.each([
    ['PUT', '/memory', 'GET, HEAD, POST'],
    ['POST', '/memory/some-id', 'DELETE, GET, HEAD'],
    ['DELETE', '/health', 'GET, HEAD'],
    ['PATCH', '/', 'GET, HEAD'],
  ])('tells %s %s what is allowed, with 405', async (method, path, allowed) => {
    const { ask } = await startService();
    const answer = await ask(path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allowed);
    expect(failureIn(answer).error).toBe('method_not_allowed');
  });

  it.each([
    ['torn JSON', '{"content": "a'],
    ['no content', '{}'],
    ['a field that does not exist', '{"content":"a","colour":"red"}'],
    ['a wrong id', '{"content":"a","id":"../etc"}'],
    ['the id of a route', '{"content":"a","id":"search"}'],
    ['a prototype', '{"content":"a","__proto__":{"x":1}}'],
  ])('refuses %s with 400', async (_what, body) => {
    const { ask } = await startService();
    const answer = await ask('/memory', { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(failureIn(answer).message).not.toBe('');
  });

  it.each(['limit=0', 'limit=501', 'limit=many', 'cursor=%2F', 'cursor='])('refuses the query %s', async (query) => {
    const { ask } = await startService();
    const answer = await ask(`/memory?${query}`);
    expect(answer.status).toBe(400);
    failureIn(answer);
  });

  it('refuses a body beyond 1 MiB with 413', async () => {
    const { ask } = await startService();
    const answer = await ask('/memory', { method: 'POST', body: { content: 'x'.repeat(1024 * 1024) } });
    expect(answer.status).toBe(413);
    failureIn(answer);
  });

  it('refuses what is not JSON with 415', async () => {
    const { ask } = await startService();
    const answer = await ask('/memory', { method: 'POST', body: '<a/>', headers: { 'content-type': 'text/xml' } });
    expect(answer.status).toBe(415);
    failureIn(answer);
  });

  it('has the same shape for a path that cannot be read', async () => {
    const { ask } = await startService();
    const answer = await ask('/memory/%zz');
    expect(answer.status).toBe(400);
    failureIn(answer);
  });

  it('has the same shape for what is not HTTP', async () => {
    const { port } = await startService();
    const socket = connect(port, '127.0.0.1');
    socket.write('hello there\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(failureSchema.parse(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).error).toBe('bad_request');
  });
});
