import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../../../operation/clock.ts';
import type { Hypervisor } from '../hypervisor.ts';
import { addCatalogue } from './catalogue.ts';
import { pendingCharges } from './charges.ts';
import { addDomains } from './domains.ts';
import type { Faults } from './faults.ts';
import { addFirewalls } from './firewalls.ts';
import { addInstances } from './instances.ts';
import { type Machines, openMachines } from './machines.ts';
import { type PageQuery, page } from './pages.ts';
import { Problem } from './problem.ts';
import { addReservedIps } from './reserved-ips.ts';
import { addSnapshots } from './snapshots.ts';
import { addSshKeys } from './ssh-keys.ts';
import { addStartupScripts } from './startup-scripts.ts';
import type { Store } from './store.ts';
import { refuseForeign } from './terms.ts';

export interface ApiOptions {
  readonly store: Store;
  readonly hypervisor: Hypervisor;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly apiKey: string;
  /** Those that reserved IPs can have: "10.77.0.251" and on. */
  readonly reservedAddresses: readonly string[];
}

/** What every resource of the API works on. */
export interface Account extends Omit<ApiOptions, 'apiKey'> {
  readonly machines: Machines;
}

const CALLS_PER_SECOND = 30;
const OPEN_PATHS = /^\/v2\/(regions|plans|os)(\/|\?|$)/;

/** The Vultr API v2, as far as docs/vultr-api.md says, on machines that a hypervisor runs. */
export function createApi(options: ApiOptions): FastifyInstance {
  const server = Fastify({ logger: false, bodyLimit: 1024 * 1024 });
  const machines = openMachines(options.store, options.hypervisor, options.faults, options.clock);
  const account: Account = { ...options, machines };
  // Bodiless calls carry a JSON content type too, and are no mistake.
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, text === '' ? undefined : JSON.parse(text.toString()));
    } catch {
      done(new Problem(400, 'Invalid JSON in the request body'));
    }
  });
  server.setErrorHandler((error, _request, reply) => {
    if (error instanceof Problem) return problem(reply, error.status, error.message);
    const status = refusedByFastify(error);
    if (status !== undefined) return problem(reply, status, error instanceof Error ? error.message : 'Bad request');
    console.error(error);
    return problem(reply, 500, 'Internal server error');
  });
  server.setNotFoundHandler((_request, reply) => problem(reply, 404, 'Not found'));
  server.addHook('onRequest', async (request, reply) => {
    const { terms } = options.store.state;
    const { clock_ahead_seconds: ahead } = terms;
    if (ahead !== 0) reply.header('date', new Date(options.clock.now() + ahead * 1000).toUTCString());
    if (OPEN_PATHS.test(request.url)) return;
    if (!isKey(request, options.apiKey)) return problem(reply, 401, 'Invalid API token.');
    const foreign = refuseForeign(terms, request.ip);
    if (foreign !== undefined) return problem(reply, foreign.status, foreign.message);
  });
  server.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) options.faults.addOperation(operationOf(one, url));
  });
  addRateLimit(server, options.clock);
  addFaults(server, options);
  server.register(
    async (api) => {
      api.get('/account', () => ({
        account: { ...ACCOUNT, pending_charges: pendingCharges(options.store.state, options.clock.now()) },
      }));
      // None can be made here; a bill asks for them all the same.
      api.get<{ Querystring: PageQuery }>('/object-storage', ({ query }) => page('object_storages', [], query));
      addCatalogue(api, options.store);
      addSshKeys(api, account);
      addStartupScripts(api, account);
      addInstances(api, account);
      addSnapshots(api, account);
      addDomains(api, account);
      addFirewalls(api, account);
      addReservedIps(api, account);
    },
    { prefix: '/v2' },
  );
  server.addHook('onReady', async () => {
    await machines.resume();
    await machines.refresh();
  });
  server.addHook('onClose', () => machines.idle());
  return server;
}

const ACCOUNT = {
  name: 'Local cloud',
  email: 'ops@anny.test',
  acls: ['manage_users', 'subscriptions', 'provisioning', 'dns', 'firewall'],
  balance: 0,
  last_payment_date: '2026-01-01T00:00:00+00:00',
  last_payment_amount: 0,
};

function problem(reply: FastifyReply, status: number, error: string): FastifyReply {
  return reply.code(status).send({ error, status });
}

/** A body that is too large or of another type, for example. */
function refusedByFastify(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return undefined;
  if (error.statusCode < 400 || error.statusCode >= 500) return undefined;
  return error.statusCode === 415 ? 400 : error.statusCode;
}

function isKey(request: FastifyRequest, apiKey: string): boolean {
  const given = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(apiKey));
}

function addRateLimit(server: FastifyInstance, clock: Clock): void {
  let calls: number[] = [];
  server.addHook('onRequest', async (_request, reply) => {
    const now = clock.now();
    calls = [...calls.filter((at) => at > now - 1000), now];
    if (calls.length > CALLS_PER_SECOND) return problem(reply.header('retry-after', '1'), 429, 'Rate limit exceeded');
  });
}

function operationOf(method: string, url: string | undefined): string {
  return `${method} ${(url ?? '').replace(/^\/v2/, '')}`;
}

function addFaults(server: FastifyInstance, { faults, clock }: ApiOptions): void {
  server.addHook('preHandler', async (request, reply) => {
    const operation = operationOf(request.method, request.routeOptions.url);
    const latency = faults.take('latency', operation);
    if (latency !== undefined) await clock.sleep(latency.ms);
    if (faults.take('cut', operation) !== undefined) {
      request.raw.socket.destroy();
      return reply.hijack();
    }
    const limit = faults.take('rate-limit', operation);
    if (limit !== undefined) {
      return problem(reply.header('retry-after', String(limit.retryAfterSeconds)), 429, 'Rate limit exceeded');
    }
    const error = faults.take('error', operation);
    if (error !== undefined) return problem(reply, error.status, error.text);
  });
  server.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode >= 400) return payload;
    const operation = operationOf(request.method, request.routeOptions.url);
    if (faults.take('cut-after', operation) !== undefined) {
      request.raw.socket.destroy();
      return payload;
    }
    const error = faults.take('error-after', operation);
    if (error === undefined) return payload;
    reply.code(error.status).header('content-type', 'application/json');
    const text = JSON.stringify({ error: 'Internal server error', status: error.status });
    reply.header('content-length', String(Buffer.byteLength(text)));
    return text;
  });
}
