import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { furtherAddressesOf } from './machine-wishes.ts';
import { base64, NO_ADDRESS, newInstance, refuseUnknownGroup } from './new-instance.ts';
import { type PageQuery, page } from './pages.ts';
import { locked, Problem } from './problem.ts';
import type { Account } from './server.ts';
import type { StoredInstance } from './store.ts';

const changeBody = z.object({
  label: z.string().optional(),
  tags: z.array(z.string()).optional(),
  user_data: base64.optional(),
  firewall_group_id: z.string().optional(),
});

const bulkBody = z.object({ instance_ids: z.array(z.string()) });

type ListQuery = PageQuery &
  Partial<Record<'tag' | 'label' | 'hostname' | 'main_ip' | 'region' | 'firewall_group_id', string>>;
interface ById {
  Params: { id: string };
}

export function addInstances(api: FastifyInstance, account: Account): void {
  const { store, machines, hypervisor, faults, clock } = account;
  const hidden = new Map<string, number>();
  const find = (id: string): StoredInstance => {
    const instance = store.state.instances.find((one) => one.id === id);
    if (instance === undefined || (hidden.get(id) ?? 0) > clock.now()) throw new Problem(404, 'instance not found');
    return instance;
  };
  const free = (id: string, action: string): StoredInstance => {
    const instance = find(id);
    if (machines.isLocked(id)) throw locked(action);
    return instance;
  };

  api.get<{ Querystring: ListQuery }>('/instances', async ({ query }) => {
    await machines.refresh();
    return page('instances', store.state.instances.filter((one) => matches(one, query)).map(shown), query);
  });

  api.post('/instances', async (request, reply) => {
    const instance = newInstance(account, request.body);
    store.state.instances.push(instance);
    const late = faults.take('not-found-after-create');
    if (late !== undefined) hidden.set(instance.id, clock.now() + late.ms);
    const answer = shown(instance);
    await store.save();
    machines.boot(instance);
    return reply.code(202).send({ instance: { ...answer, default_password: randomUUID() } });
  });

  api.get<ById>('/instances/:id', async ({ params }) => {
    await machines.refresh();
    return { instance: shown(find(params.id)) };
  });

  api.patch<ById>('/instances/:id', async ({ params, body }, reply) => {
    const instance = find(params.id);
    const change = bodyOf(changeBody, body);
    if (Object.keys(change).length === 0) throw new Problem(400, 'Nothing to change');
    refuseUnknownGroup(account, change.firewall_group_id);
    Object.assign(instance, change);
    if (change.firewall_group_id !== undefined) await machines.applyFirewall(instance);
    await store.save();
    return reply.code(202).send({ instance: shown(instance) });
  });

  api.delete<ById>('/instances/:id', async ({ params }, reply) => {
    const instance = free(params.id, 'destroy');
    store.state.instances = store.state.instances.filter((one) => one !== instance);
    for (const ip of store.state.reservedIps) if (ip.instance_id === instance.id) ip.instance_id = '';
    await store.save();
    machines.destroy(instance);
    return reply.code(204).send();
  });

  const power = {
    start: (id: string) => hypervisor.start(id),
    halt: (id: string) => hypervisor.halt(id),
    reboot: (id: string) => hypervisor.reboot(id),
  };
  for (const [verb, act] of Object.entries(power)) {
    const one = async (instance: StoredInstance): Promise<void> => {
      await act(instance.id);
      instance.power_status = verb === 'halt' ? 'stopped' : 'running';
      await store.save();
    };
    api.post<ById>(`/instances/:id/${verb}`, async ({ params }, reply) => {
      await one(free(params.id, verb));
      return reply.code(204).send();
    });
    api.post(`/instances/${verb}`, async ({ body }, reply) => {
      const all = bodyOf(bulkBody, body).instance_ids.map((id) => free(id, verb));
      await Promise.all(all.map(one));
      return reply.code(204).send();
    });
  }

  api.get<ById>('/instances/:id/user-data', ({ params }) => ({ user_data: { data: find(params.id).user_data } }));
  api.get<ById & { Querystring: PageQuery }>('/instances/:id/ipv4', ({ params, query }) => {
    return page('ipv4s', addressesOf(account, find(params.id)), query);
  });
}

function matches(one: StoredInstance, query: ListQuery): boolean {
  return (
    (query.tag === undefined || one.tags.includes(query.tag)) &&
    (query.label === undefined || one.label === query.label) &&
    (query.hostname === undefined || one.hostname === query.hostname) &&
    (query.main_ip === undefined || one.main_ip === query.main_ip) &&
    (query.region === undefined || one.region === query.region) &&
    (query.firewall_group_id === undefined || one.firewall_group_id === query.firewall_group_id)
  );
}

function addressesOf({ store }: Account, instance: StoredInstance) {
  const { main_ip } = instance;
  const first = { ip: main_ip, netmask: '255.255.255.0', gateway: gatewayOf(main_ip), type: 'main_ip', reverse: '' };
  const further = furtherAddressesOf(store, instance).map((ip) => {
    return { ip, netmask: '255.255.255.255', gateway: '', type: 'secondary_ip', reverse: '' };
  });
  return [first, ...further];
}

function gatewayOf(address: string): string {
  return address.replace(/\.\d+$/, '.1');
}

/** As the API shows an instance: without what only the platform knows. */
function shown({ user_data, ssh_key_ids, boots, ...one }: StoredInstance) {
  const known = one.main_ip !== NO_ADDRESS;
  return {
    ...one,
    disk: known ? one.disk : 0,
    allowed_bandwidth: 1024,
    netmask_v4: known ? '255.255.255.0' : '',
    gateway_v4: known ? gatewayOf(one.main_ip) : NO_ADDRESS,
    v6_main_ip: '',
    v6_network: '',
    v6_network_size: 0,
    internal_ip: '',
    kvm: '',
    app_id: 0,
    image_id: '',
    features: [],
    user_scheme: 'root',
  };
}
