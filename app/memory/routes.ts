import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { fail, failureSchema } from '../failure.ts';
import { guardFailures, security } from '../guard.ts';
import type { Sockets } from '../sockets.ts';
import { tellChanges } from './changes.ts';
import type { Entry } from './entry.ts';
import { draftSchema, entryId, entrySchema } from './entry.ts';
import type { Memory } from './memory.ts';
import type { Page } from './page.ts';
import { MemoryProblem } from './problem.ts';

const shownEntry = entrySchema.omit({ seq: true }).meta({ id: 'Entry' });
const shownPage = z
  .object({
    entries: z.array(shownEntry),
    /** Send it as `cursor` for the next page; null on the last one. */
    next: z.string().nullable(),
  })
  .meta({ id: 'Page' });

const cursor = z
  .string()
  .regex(/^[0-9a-z]{1,11}$/, 'a cursor is what "next" of the page before said')
  .transform((text) => Number.parseInt(text, 36));
const paging = { limit: z.coerce.number().int().min(1).max(500).default(100), cursor: cursor.optional() };
const params = z.object({ id: entryId });
const problems = { 400: failureSchema, ...guardFailures, 503: failureSchema };
const writeProblems = { ...problems, 507: failureSchema };
const tags = ['memory'];

const changesDescription = [
  'Messages are JSON: `{"remembered": ENTRY, "cursor": CURSOR}`, `{"forgotten": ID}`, and first of all `{"cursor": CURSOR}`.',
  'With the last cursor that you heard, all that was remembered since comes first; what was forgotten meanwhile is not told.',
  'Close code 1012: Anny restarts; come again at once. 1013: you read too slowly; come again with your cursor.',
].join(' ');

function show({ id, content, tags, createdAt }: Entry) {
  return { id, content, tags: [...tags], createdAt };
}

function showPage({ entries, next }: Page) {
  return { entries: entries.map(show), next: next === undefined ? null : next.toString(36) };
}

export function memoryRoutes(instance: FastifyInstance, memory: Memory, sockets: Sockets): void {
  const app = instance.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/memory',
    {
      schema: {
        summary: 'Remember something. With an id of your own the same request can safely be sent again',
        description:
          '201: on disk now. 200: it was there already, with the same content. 409: the id means something else.',
        tags,
        security,
        body: draftSchema,
        response: {
          200: shownEntry,
          201: shownEntry,
          409: failureSchema,
          413: failureSchema,
          415: failureSchema,
          ...writeProblems,
        },
      },
    },
    async (request, reply) => {
      const { id = entryId.parse(randomUUID()), content, tags } = request.body;
      const outcome = await memory.put({ id, content, tags });
      if (outcome.kind === 'created')
        return reply.code(201).header('location', `/memory/${id}`).send(show(outcome.entry));
      if (outcome.kind === 'existing') return reply.code(200).send(show(outcome.entry));
      if (outcome.kind === 'full')
        throw new MemoryProblem('full', 'The memory has reached its limit: delete something.');
      return fail(request, reply, 409, 'conflict', `Entry ${id} exists with other content.`);
    },
  );

  app.get(
    '/memory',
    {
      schema: {
        summary: 'Everything remembered, oldest first, a page at a time',
        tags,
        security,
        querystring: z.object(paging),
        response: { 200: shownPage, ...problems },
      },
    },
    async ({ query }) => showPage(memory.page(query.cursor ?? 0, query.limit)),
  );

  app.get(
    '/memory/search',
    {
      schema: {
        summary: 'Entries whose content or tags have all the words, in any case, oldest first',
        tags,
        security,
        querystring: z.object({ q: z.string().trim().min(1).max(200), ...paging }),
        response: { 200: shownPage, ...problems },
      },
    },
    async ({ query }) => {
      const words = query.q.toLowerCase().split(/\s+/);
      return showPage(await memory.search(words, query.cursor ?? 0, query.limit));
    },
  );

  app.get(
    '/memory/:id',
    {
      schema: {
        summary: 'One entry',
        tags,
        security,
        params,
        response: { 200: shownEntry, 404: failureSchema, ...problems },
      },
    },
    async (request, reply) => {
      const entry = memory.get(request.params.id);
      if (entry !== undefined) return show(entry);
      return fail(request, reply, 404, 'not_found', `There is no entry ${request.params.id}.`);
    },
  );

  app.delete(
    '/memory/:id',
    {
      schema: {
        summary: 'Forget one entry',
        tags,
        security,
        params,
        response: { 204: z.null(), 404: failureSchema, ...writeProblems },
      },
    },
    async (request, reply) => {
      const outcome = await memory.remove(request.params.id);
      if (outcome.kind === 'deleted') return reply.code(204).send(null);
      return fail(request, reply, 404, 'not_found', `There is no entry ${request.params.id}.`);
    },
  );

  app.get(
    '/changes',
    {
      schema: {
        summary: 'A WebSocket that tells every change of the memory once it is on disk',
        description: changesDescription,
        tags,
        security,
        querystring: z.object({ cursor: paging.cursor }),
        response: { 101: z.null().describe('It is a WebSocket now.'), 426: failureSchema, ...problems },
      },
    },
    (request, reply) => {
      // A memory that is not open says so here, where it is an answer.
      const { latest } = memory;
      const after = request.query.cursor;
      return sockets.accept(request, reply, (socket) =>
        tellChanges(memory, socket, after === undefined ? undefined : Math.min(after, latest)),
      );
    },
  );
}
