import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { type PageQuery, page } from './pages.ts';
import { notFound, Problem } from './problem.ts';
import type { Account } from './server.ts';

const publicKey = z.string().regex(/^(ssh-|ecdsa-)\S+ [A-Za-z0-9+/=]+/, 'it must be an OpenSSH public key');
const createBody = z.object({ name: z.string().min(1), ssh_key: publicKey });
const changeBody = z.object({ name: z.string().min(1).optional(), ssh_key: publicKey.optional() });

interface ById {
  Params: { id: string };
}

export function addSshKeys(api: FastifyInstance, { store, clock }: Account): void {
  const find = (id: string) => {
    const key = store.state.sshKeys.find((one) => one.id === id);
    if (key === undefined) throw notFound('ssh-key');
    return key;
  };
  api.get<{ Querystring: PageQuery }>('/ssh-keys', ({ query }) => page('ssh_keys', store.state.sshKeys, query));
  api.post('/ssh-keys', async (request, reply) => {
    const body = bodyOf(createBody, request.body);
    const key = { id: randomUUID(), date_created: new Date(clock.now()).toISOString(), ...body };
    store.state.sshKeys.push(key);
    await store.save();
    return reply.code(201).send({ ssh_key: key });
  });
  api.get<ById>('/ssh-keys/:id', ({ params }) => ({ ssh_key: find(params.id) }));
  api.patch<ById>('/ssh-keys/:id', async ({ params, body }, reply) => {
    const change = bodyOf(changeBody, body);
    if (Object.keys(change).length === 0) throw new Problem(400, 'Nothing to change');
    Object.assign(find(params.id), change);
    await store.save();
    return reply.code(204).send();
  });
  api.delete<ById>('/ssh-keys/:id', async ({ params }, reply) => {
    const key = find(params.id);
    store.state.sshKeys = store.state.sshKeys.filter((one) => one !== key);
    await store.save();
    return reply.code(204).send();
  });
}
