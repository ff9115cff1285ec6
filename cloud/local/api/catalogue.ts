import type { FastifyInstance } from 'fastify';
import { type PageQuery, page } from './pages.ts';
import { notFound } from './problem.ts';
import type { Store } from './store.ts';
import { isSoldOut } from './terms.ts';

const REGION_IDS = ['ewr', 'ams', 'fra'] as const;

export const REGIONS = [
  { id: 'ewr', city: 'New Jersey', country: 'US', continent: 'North America', options: ['ddos_protection'] },
  { id: 'ams', city: 'Amsterdam', country: 'NL', continent: 'Europe', options: ['ddos_protection'] },
  { id: 'fra', city: 'Frankfurt', country: 'DE', continent: 'Europe', options: [] },
];

/** Figures of the public price list; disk in GB, ram in MB, cost in USD. */
export const PLANS = [
  plan('vc2-1c-1gb', 1, 1024, 25, 1024, 5),
  plan('vc2-1c-2gb', 1, 2048, 55, 2048, 10),
  plan('vc2-2c-4gb', 2, 4096, 80, 3072, 20),
  plan('vhf-1c-1gb', 1, 1024, 32, 1024, 6),
];

function plan(id: string, vcpus: number, ram: number, disk: number, bandwidth: number, cost: number) {
  return {
    id,
    vcpu_count: vcpus,
    ram,
    disk,
    disk_count: 1,
    bandwidth,
    monthly_cost: cost,
    hourly_cost: Number((cost / 730).toFixed(3)),
    type: id.split('-')[0] ?? 'vc2',
    locations: [...REGION_IDS],
  };
}

export const SYSTEMS = [
  { id: 2284, name: 'Ubuntu 24.04 LTS x64', arch: 'x64', family: 'ubuntu' },
  { id: 2136, name: 'Debian 12 x64 (bookworm)', arch: 'x64', family: 'debian' },
  { id: 164, name: 'Snapshot', arch: 'x64', family: 'snapshot' },
];

/** What needs no key: regions, plans, operating systems. */
export function addCatalogue(api: FastifyInstance, { state }: Store): void {
  api.get<{ Querystring: PageQuery }>('/regions', ({ query }) => page('regions', REGIONS, query));
  api.get<{ Params: { id: string } }>('/regions/:id/availability', ({ params }) => {
    if (!REGIONS.some(({ id }) => id === params.id)) throw notFound('region');
    const offered = PLANS.filter(({ id }) => !isSoldOut(state.terms, params.id, id));
    return { available_plans: offered.map(({ id }) => id) };
  });
  api.get<{ Querystring: PageQuery & { type?: string } }>('/plans', ({ query }) => {
    const { type = 'all' } = query;
    return page('plans', type === 'all' ? PLANS : PLANS.filter((one) => one.type === type), query);
  });
  api.get<{ Querystring: PageQuery }>('/os', ({ query }) => page('os', SYSTEMS, query));
}
