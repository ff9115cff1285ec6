import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { type PageQuery, page } from './pages.ts';
import { Problem } from './problem.ts';
import type { Account } from './server.ts';
import type { Domain, StoredRecord } from './store.ts';

const DEFAULT_TTL_SECONDS = 300;
const SHORTEST_TTL_SECONDS = 1;
const LONGEST_TTL_SECONDS = 86_400 * 7;

const HOST_NAME = /^([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?$/i;
const domainName = z.string().regex(/^([a-z0-9-]+\.)+[a-z0-9-]{2,}$/i, 'it must be a domain');
const createDomain = z.object({
  domain: domainName,
  ip: z.ipv4().optional(),
  dns_sec: z.enum(['enabled', 'disabled']).default('disabled'),
});
const ttl = z.int().min(SHORTEST_TTL_SECONDS).max(LONGEST_TTL_SECONDS);
const createRecord = z.object({
  type: z.enum(['A', 'AAAA', 'CNAME', 'NS', 'MX', 'SRV', 'TXT', 'CAA', 'SSHFP']),
  name: z.string(),
  data: z.string().min(1),
  ttl: ttl.default(DEFAULT_TTL_SECONDS),
  priority: z.int().default(-1),
});
const changeRecord = z.object({
  name: z.string().optional(),
  data: z.string().min(1).optional(),
  ttl: ttl.optional(),
  priority: z.int().optional(),
});

interface InDomain {
  Params: { domain: string };
}
interface Record {
  Params: { domain: string; id: string };
}

export function addDomains(api: FastifyInstance, { store, clock }: Account): void {
  const find = (name: string): Domain => {
    const domain = store.state.domains.find((one) => one.domain === name.toLowerCase());
    if (domain === undefined) throw new Problem(404, 'Invalid domain');
    return domain;
  };
  const findRecord = ({ domain, id }: Record['Params']): StoredRecord => {
    const record = find(domain).records.find((one) => one.id === id);
    if (record === undefined) throw new Problem(404, 'Invalid record');
    return record;
  };

  api.get<{ Querystring: PageQuery }>('/domains', ({ query }) =>
    page('domains', store.state.domains.map(shown), query),
  );

  api.post('/domains', async (request, reply) => {
    const body = bodyOf(createDomain, request.body);
    const name = body.domain.toLowerCase();
    if (store.state.domains.some((one) => one.domain === name)) throw new Problem(400, 'Domain already exists');
    const domain = {
      domain: name,
      date_created: new Date(clock.now()).toISOString(),
      dns_sec: body.dns_sec,
      records: firstRecords(name, body.ip),
    };
    store.state.domains.push(domain);
    await store.save();
    return reply.send({ domain: shown(domain) });
  });

  api.get<InDomain>('/domains/:domain', ({ params }) => ({ domain: shown(find(params.domain)) }));

  api.delete<InDomain>('/domains/:domain', async ({ params }, reply) => {
    const domain = find(params.domain);
    store.state.domains = store.state.domains.filter((one) => one !== domain);
    await store.save();
    return reply.code(204).send();
  });

  api.get<InDomain & { Querystring: PageQuery }>('/domains/:domain/records', ({ params, query }) =>
    page('records', find(params.domain).records, query),
  );

  api.post<InDomain>('/domains/:domain/records', async ({ params, body }, reply) => {
    const domain = find(params.domain);
    const wanted = bodyOf(createRecord, body);
    refuseBadData(wanted.type, wanted.data);
    refuseOtherTtl(domain.records, wanted);
    const record = { id: randomUUID(), ...wanted };
    domain.records.push(record);
    await store.save();
    return reply.code(201).send({ record });
  });

  api.get<Record>('/domains/:domain/records/:id', ({ params }) => ({ record: findRecord(params) }));

  api.patch<Record>('/domains/:domain/records/:id', async ({ params, body }, reply) => {
    const record = findRecord(params);
    const change = bodyOf(changeRecord, body);
    if (Object.keys(change).length === 0) throw new Problem(400, 'Nothing to change');
    // ansible-collection-vultr 04952d6
    if (change.ttl !== undefined && change.data !== undefined)
      throw new Problem(400, 'ttl and data cannot be changed in one call');
    if (change.data !== undefined) refuseBadData(record.type, change.data);
    const others = find(params.domain).records.filter((one) => one !== record);
    refuseOtherTtl(others, {
      type: record.type,
      name: change.name ?? record.name,
      ttl: change.ttl ?? record.ttl,
    });
    Object.assign(record, change);
    await store.save();
    return reply.code(204).send();
  });

  api.delete<Record>('/domains/:domain/records/:id', async ({ params }, reply) => {
    const record = findRecord(params);
    const domain = find(params.domain);
    domain.records = domain.records.filter((one) => one !== record);
    await store.save();
    return reply.code(204).send();
  });
}

/** A domain that is created with an address gets more than its name servers. */
function firstRecords(domain: string, ip: string | undefined): StoredRecord[] {
  const record = (type: string, name: string, data: string, priority = -1): StoredRecord => ({
    id: randomUUID(),
    type,
    name,
    data,
    priority,
    ttl: DEFAULT_TTL_SECONDS,
  });
  return [
    record('NS', '', 'ns1.vultr.com'),
    record('NS', '', 'ns2.vultr.com'),
    ...(ip === undefined ? [] : [record('A', '', ip), record('CNAME', '*', domain), record('MX', '', domain, 10)]),
  ];
}

/** DNSControl/dnscontrol#4609 */
function refuseOtherTtl(others: readonly StoredRecord[], wanted: Pick<StoredRecord, 'type' | 'name' | 'ttl'>): void {
  const other = others.some(
    ({ type, name, ttl }) => type === wanted.type && name === wanted.name && ttl !== wanted.ttl,
  );
  if (other) throw new Problem(400, 'Records of the same name and type must have the same TTL');
}

function refuseBadData(type: string, data: string): void {
  if (type === 'A' && !z.ipv4().safeParse(data).success)
    throw new Problem(400, 'Invalid data: it must be an IPv4 address');
  if (['CNAME', 'NS', 'MX'].includes(type) && !HOST_NAME.test(data))
    throw new Problem(400, 'Invalid data: it must be a name');
  if (type === 'AAAA' && !z.ipv6().safeParse(data).success)
    throw new Problem(400, 'Invalid data: it must be an IPv6 address');
}

function shown({ records, ...domain }: Domain) {
  return domain;
}
