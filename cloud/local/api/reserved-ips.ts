import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { REGIONS } from './catalogue.ts';
import { type PageQuery, page } from './pages.ts';
import { notFound, Problem } from './problem.ts';
import type { Account } from './server.ts';

const createBody = z.object({ region: z.string(), ip_type: z.enum(['v4', 'v6']), label: z.string().default('') });
const attachBody = z.object({ instance_id: z.string() });

interface ById {
  Params: { id: string };
}

/** Addresses are kept and given to machines that are created with them; moving one to a running machine is not done here. */
export function addReservedIps(api: FastifyInstance, { store, reserveAddress }: Account): void {
  const find = (id: string) => {
    const ip = store.state.reservedIps.find((one) => one.id === id);
    if (ip === undefined) throw notFound('reserved-ip');
    return ip;
  };
  api.get<{ Querystring: PageQuery }>('/reserved-ips', ({ query }) =>
    page('reserved_ips', store.state.reservedIps, query),
  );
  api.post('/reserved-ips', async (request, reply) => {
    const body = bodyOf(createBody, request.body);
    if (!REGIONS.some(({ id }) => id === body.region)) throw new Problem(400, 'Invalid region chosen.');
    if (body.ip_type === 'v6') throw new Problem(400, 'The local cloud has no IPv6 addresses');
    const ip = { id: randomUUID(), ...body, subnet: reserveAddress(), subnet_size: 32, instance_id: '' };
    store.state.reservedIps.push(ip);
    await store.save();
    return reply.code(201).send({ reserved_ip: ip });
  });
  api.get<ById>('/reserved-ips/:id', ({ params }) => ({ reserved_ip: find(params.id) }));
  api.delete<ById>('/reserved-ips/:id', async ({ params }, reply) => {
    const ip = find(params.id);
    if (ip.instance_id !== '') throw new Problem(400, 'Reserved IP is attached to an instance');
    store.state.reservedIps = store.state.reservedIps.filter((one) => one !== ip);
    await store.save();
    return reply.code(204).send();
  });
  api.post<ById>('/reserved-ips/:id/attach', ({ params, body }) => {
    find(params.id);
    bodyOf(attachBody, body);
    throw new Problem(400, 'The local cloud gives a reserved IP only when a machine is created (reserved_ipv4)');
  });
  api.post<ById>('/reserved-ips/:id/detach', async ({ params }, reply) => {
    find(params.id).instance_id = '';
    await store.save();
    return reply.code(204).send();
  });
}
