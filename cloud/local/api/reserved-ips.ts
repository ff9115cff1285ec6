import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { REGIONS } from './catalogue.ts';
import { type PageQuery, page } from './pages.ts';
import { locked, notFound, Problem } from './problem.ts';
import type { Account } from './server.ts';
import type { ReservedIp, StoredInstance } from './store.ts';

const createBody = z.object({ region: z.string(), ip_type: z.enum(['v4', 'v6']), label: z.string().default('') });
const changeBody = z.object({ label: z.string() });
const convertBody = z.object({ ip_address: z.ipv4(), label: z.string().default('') });
const attachBody = z.object({ instance_id: z.string() });

interface ById {
  Params: { id: string };
}

/** They move between running machines; a machine's first address that was kept (`convert`) stays where it is. */
export function addReservedIps(api: FastifyInstance, { store, machines, reservedAddresses }: Account): void {
  const find = (id: string): ReservedIp => {
    const ip = store.state.reservedIps.find((one) => one.id === id);
    if (ip === undefined) throw notFound('reserved-ip');
    return ip;
  };
  const instanceOf = (id: string): StoredInstance => {
    const instance = store.state.instances.find((one) => one.id === id);
    if (instance === undefined) throw new Problem(404, 'instance not found');
    if (machines.isLocked(id)) throw locked('change the addresses of');
    return instance;
  };
  const move = async (ip: ReservedIp, instance: StoredInstance, to: string): Promise<void> => {
    const before = ip.instance_id;
    ip.instance_id = to;
    try {
      await machines.applyAddresses(instance);
    } catch (error) {
      ip.instance_id = before;
      throw error;
    }
    await store.save();
  };

  api.get<{ Querystring: PageQuery }>('/reserved-ips', ({ query }) =>
    page('reserved_ips', store.state.reservedIps, query),
  );
  api.post('/reserved-ips', async (request, reply) => {
    const body = bodyOf(createBody, request.body);
    if (!REGIONS.some(({ id }) => id === body.region)) throw new Problem(400, 'Invalid region chosen.');
    if (body.ip_type === 'v6') throw new Problem(400, 'The local cloud has no IPv6 addresses');
    const taken = new Set(store.state.reservedIps.map(({ subnet }) => subnet));
    const subnet = reservedAddresses.find((address) => !taken.has(address));
    if (subnet === undefined) throw new Problem(400, 'Reserved IP limit reached');
    const ip = { id: randomUUID(), ...body, subnet, subnet_size: 32, instance_id: '' };
    store.state.reservedIps.push(ip);
    await store.save();
    return reply.code(201).send({ reserved_ip: ip });
  });
  api.post('/reserved-ips/convert', async (request, reply) => {
    const body = bodyOf(convertBody, request.body);
    const instance = store.state.instances.find(({ main_ip }) => main_ip === body.ip_address);
    if (instance === undefined) throw new Problem(404, 'Invalid IP address');
    if (store.state.reservedIps.some(({ subnet }) => subnet === body.ip_address)) {
      throw new Problem(400, 'IP address is a Reserved IP already');
    }
    const common = { id: randomUUID(), region: instance.region, ip_type: 'v4' as const, label: body.label };
    const ip = { ...common, subnet: body.ip_address, subnet_size: 32, instance_id: instance.id };
    store.state.reservedIps.push(ip);
    await store.save();
    return reply.code(201).send({ reserved_ip: ip });
  });
  api.get<ById>('/reserved-ips/:id', ({ params }) => ({ reserved_ip: find(params.id) }));
  api.patch<ById>('/reserved-ips/:id', async ({ params, body }) => {
    const ip = find(params.id);
    ip.label = bodyOf(changeBody, body).label;
    await store.save();
    return { reserved_ip: ip };
  });
  api.delete<ById>('/reserved-ips/:id', async ({ params }, reply) => {
    const ip = find(params.id);
    if (ip.instance_id !== '') throw new Problem(400, 'Reserved IP is attached to an instance');
    store.state.reservedIps = store.state.reservedIps.filter((one) => one !== ip);
    await store.save();
    return reply.code(204).send();
  });
  api.post<ById>('/reserved-ips/:id/attach', async ({ params, body }, reply) => {
    const ip = find(params.id);
    const instance = instanceOf(bodyOf(attachBody, body).instance_id);
    if (ip.instance_id !== '') throw new Problem(400, 'Reserved IP is already attached to an instance');
    if (ip.region !== instance.region) throw new Problem(400, 'Reserved IP is in another region than the instance');
    await move(ip, instance, instance.id);
    return reply.code(204).send();
  });
  api.post<ById>('/reserved-ips/:id/detach', async ({ params }, reply) => {
    const ip = find(params.id);
    if (ip.instance_id === '') throw new Problem(400, 'Reserved IP is not attached to an instance');
    const instance = instanceOf(ip.instance_id);
    if (instance.main_ip === ip.subnet) {
      throw new Problem(400, 'The local cloud does not take the first address of a machine away');
    }
    await move(ip, instance, '');
    return reply.code(204).send();
  });
}
