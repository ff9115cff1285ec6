import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { PLANS, REGIONS, SYSTEMS } from './catalogue.ts';
import { furtherAddressesOf } from './machine-wishes.ts';
import { type PageQuery, page } from './pages.ts';
import { locked, notFound, Problem } from './problem.ts';
import type { Account } from './server.ts';
import type { StoredInstance } from './store.ts';

const NO_ADDRESS = '0.0.0.0';
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'it must be base64');

const createBody = z.object({
  region: z.string(),
  plan: z.string(),
  os_id: z.int().optional(),
  snapshot_id: z.string().optional(),
  label: z.string().default(''),
  hostname: z.string().default('guest'),
  tags: z.array(z.string()).default([]),
  sshkey_id: z.array(z.string()).default([]),
  user_data: base64.default(''),
  firewall_group_id: z.string().default(''),
  reserved_ipv4: z.string().default(''),
});

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
    const instance = newInstance(account, bodyOf(createBody, request.body));
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
    await hypervisor.destroy(instance.id);
    store.state.instances = store.state.instances.filter((one) => one !== instance);
    for (const ip of store.state.reservedIps) if (ip.instance_id === instance.id) ip.instance_id = '';
    await store.save();
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

function newInstance({ store, clock }: Account, body: z.infer<typeof createBody>): StoredInstance {
  const plan = PLANS.find(({ id }) => id === body.plan);
  if (plan === undefined) throw new Problem(400, 'Invalid plan chosen.');
  if (!REGIONS.some(({ id }) => id === body.region)) throw new Problem(400, 'Invalid region chosen.');
  if ((body.os_id === undefined) === (body.snapshot_id === undefined)) {
    throw new Problem(400, 'Exactly one of os_id, snapshot_id, iso_id, app_id or image_id must be given');
  }
  const system = SYSTEMS.find(({ id }) => id === (body.os_id ?? 164));
  if (system === undefined) throw new Problem(400, 'Invalid OS chosen.');
  if (body.snapshot_id !== undefined) refuseUnfit({ store }, body.snapshot_id, plan.disk);
  const unknown = body.sshkey_id.find((id) => !store.state.sshKeys.some((key) => key.id === id));
  if (unknown !== undefined) throw new Problem(400, `Invalid SSH key: ${unknown}`);
  if (body.firewall_group_id !== '') refuseUnknownGroup({ store }, body.firewall_group_id);
  const reserved = store.state.reservedIps.find((one) => one.id === body.reserved_ipv4);
  if (body.reserved_ipv4 !== '' && (reserved?.instance_id !== '' || reserved.region !== body.region)) {
    throw new Problem(400, 'Invalid reserved_ipv4: it must be of the same region, and free');
  }
  const id = randomUUID();
  if (reserved !== undefined) reserved.instance_id = id;
  return {
    id,
    os: system.name,
    ram: plan.ram,
    disk: plan.disk,
    main_ip: NO_ADDRESS,
    vcpu_count: plan.vcpu_count,
    region: body.region,
    plan: plan.id,
    date_created: new Date(clock.now()).toISOString(),
    status: 'pending',
    power_status: 'running',
    server_status: 'none',
    label: body.label,
    hostname: body.hostname,
    os_id: system.id,
    snapshot_id: body.snapshot_id ?? '',
    firewall_group_id: body.firewall_group_id,
    tags: body.tags,
    user_data: body.user_data,
    ssh_key_ids: body.sshkey_id,
    reserved_ipv4: body.reserved_ipv4,
    boots: true,
  };
}

function refuseUnfit({ store }: Pick<Account, 'store'>, snapshotId: string, diskGb: number): void {
  const snapshot = store.state.snapshots.find(({ id }) => id === snapshotId);
  if (snapshot === undefined) throw notFound('snapshot');
  if (snapshot.status !== 'complete') throw new Problem(400, 'Snapshot is not ready yet');
  if (snapshot.size > diskGb * 1024 ** 3) {
    throw new Problem(400, 'Invalid plan chosen. The disk of the plan is smaller than the snapshot.');
  }
}

function refuseUnknownGroup({ store }: Pick<Account, 'store'>, id: string | undefined): void {
  if (id === undefined || id === '') return;
  if (!store.state.firewallGroups.some((group) => group.id === id)) throw new Problem(400, 'Invalid firewall group');
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
function shown({ user_data, ssh_key_ids, reserved_ipv4, boots, ...one }: StoredInstance) {
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
