import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { type PageQuery, page } from './pages.ts';
import { notFound } from './problem.ts';
import type { Account } from './server.ts';
import type { FirewallGroup } from './store.ts';

const groupBody = z.object({ description: z.string().default('') });
const LAST_PORT = 65_535;
const ruleShape = z.object({
  ip_type: z.enum(['v4', 'v6']),
  protocol: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['tcp', 'udp', 'icmp', 'gre', 'esp', 'ah'])),
  port: z
    .string()
    .regex(/^(\d{1,5}([:-]\d{1,5})?)?$/, 'it must be a port or a range')
    .refine((text) => text.split(/[:-]/).every((port) => Number(port) <= LAST_PORT), 'a port is at most 65535')
    .default(''),
  subnet: z.string(),
  subnet_size: z.int().min(0).max(128),
  source: z.string().default(''),
  notes: z.string().default(''),
});
/** Rules reach the kernel's packet filter: what it would not take is refused here. */
const ruleBody = ruleShape
  .refine(({ protocol, port }) => ['tcp', 'udp'].includes(protocol) === (port !== ''), {
    path: ['port'],
    message: 'tcp and udp need one, other protocols have none',
  })
  .refine(({ ip_type, subnet }) => (ip_type === 'v4' ? z.ipv4() : z.ipv6()).safeParse(subnet).success, {
    path: ['subnet'],
    message: 'it must be an address of the ip_type',
  })
  .refine(({ ip_type, subnet_size }) => ip_type === 'v6' || subnet_size <= 32, {
    path: ['subnet_size'],
    message: 'it is at most 32 for IPv4',
  });

interface ById {
  Params: { id: string };
}
interface RuleById {
  Params: { id: string; rule: string };
}

const RULES_LIMIT = 50;

export function addFirewalls(api: FastifyInstance, { store, machines, clock }: Account): void {
  const find = (id: string): FirewallGroup => {
    const group = store.state.firewallGroups.find((one) => one.id === id);
    if (group === undefined) throw notFound('firewall-group');
    return group;
  };
  const now = (): string => new Date(clock.now()).toISOString();
  const shown = ({ rules, ...group }: FirewallGroup) => ({
    ...group,
    instance_count: store.state.instances.filter((one) => one.firewall_group_id === group.id).length,
    rule_count: rules.length,
    max_rule_count: RULES_LIMIT,
  });
  /** Rules are enforced, not only kept: every machine of the group gets them. */
  const reachMachines = async (group: FirewallGroup): Promise<void> => {
    group.date_modified = now();
    await store.save();
    const members = store.state.instances.filter(
      (one) => one.firewall_group_id === group.id && one.status === 'active',
    );
    await Promise.all(members.map((instance) => machines.applyFirewall(instance)));
  };

  api.get<{ Querystring: PageQuery }>('/firewalls', ({ query }) =>
    page('firewall_groups', store.state.firewallGroups.map(shown), query),
  );
  api.post('/firewalls', async (request, reply) => {
    const { description } = bodyOf(groupBody, request.body);
    const group = { id: randomUUID(), description, date_created: now(), date_modified: now(), rules: [] };
    store.state.firewallGroups.push(group);
    await store.save();
    return reply.code(201).send({ firewall_group: shown(group) });
  });
  api.get<ById>('/firewalls/:id', ({ params }) => ({ firewall_group: shown(find(params.id)) }));
  api.put<ById>('/firewalls/:id', async ({ params, body }, reply) => {
    Object.assign(find(params.id), { description: bodyOf(groupBody, body).description, date_modified: now() });
    await store.save();
    return reply.code(204).send();
  });
  api.delete<ById>('/firewalls/:id', async ({ params }, reply) => {
    const group = find(params.id);
    store.state.firewallGroups = store.state.firewallGroups.filter((one) => one !== group);
    const members = store.state.instances.filter((one) => one.firewall_group_id === group.id);
    for (const instance of members) {
      instance.firewall_group_id = '';
      await machines.applyFirewall(instance);
    }
    await store.save();
    return reply.code(204).send();
  });

  api.get<ById & { Querystring: PageQuery }>('/firewalls/:id/rules', ({ params, query }) =>
    page('firewall_rules', find(params.id).rules, query),
  );
  api.post<ById>('/firewalls/:id/rules', async ({ params, body }, reply) => {
    const group = find(params.id);
    const id = Math.max(0, ...group.rules.map((one) => one.id)) + 1;
    const rule = { id, action: 'accept' as const, ...bodyOf(ruleBody, body) };
    group.rules.push(rule);
    await reachMachines(group);
    return reply.code(201).send({ firewall_rule: rule });
  });
  api.get<RuleById>('/firewalls/:id/rules/:rule', ({ params }) => {
    const rule = find(params.id).rules.find((one) => String(one.id) === params.rule);
    if (rule === undefined) throw notFound('firewall-rule');
    return { firewall_rule: rule };
  });
  api.delete<RuleById>('/firewalls/:id/rules/:rule', async ({ params }, reply) => {
    const group = find(params.id);
    const rule = group.rules.find((one) => String(one.id) === params.rule);
    if (rule === undefined) throw notFound('firewall-rule');
    group.rules = group.rules.filter((one) => one !== rule);
    await reachMachines(group);
    return reply.code(204).send();
  });
}
