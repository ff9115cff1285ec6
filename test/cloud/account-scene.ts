import type { FastifyInstance } from 'fastify';
import { test } from 'vitest';
import { openAccount } from '../../cloud/account/account.ts';
import type { CallRecord } from '../../cloud/account/call.ts';
import type { Cloud, NewInstance } from '../../cloud/cloud.ts';
import { fastClock } from './clocks.ts';
import { API_KEY, openLocalApi } from './local-api.ts';
import { type Reply, type ScriptedServer, scriptedServer } from './scripted-server.ts';
import { type Watched, watch } from './watch.ts';

/** A test with the client on the real API over simulated machines; nobody waits in earnest. */
export const accountTest = test
  .extend('clock', () => fastClock())
  .extend('wire', () => openWire())
  .extend('api', async ({ clock, wire }, { onCleanup }) => {
    const api = await openLocalApi({ clock, prepare: wire.connect });
    onCleanup(api.close);
    return api;
  })
  .extend('calls', (): CallRecord[] => [])
  .extend(
    'cloud',
    ({ api, clock, calls }): Cloud =>
      openAccount({ apiUrl: api.apiUrl, apiKey: API_KEY, clock, onCall: (call) => calls.push(call) }),
  );

/** What goes over the wire, filled as soon as the server is there. */
function openWire() {
  const wire = {
    seen: [] as Watched[],
    connect: (server: FastifyInstance): void => {
      wire.seen = watch(server);
    },
  };
  return wire;
}

/** The client on a server that answers what the script says. */
export async function scripted(
  clock: ReturnType<typeof fastClock>,
  ...script: readonly Reply[]
): Promise<{ readonly cloud: Cloud; readonly server: ScriptedServer; readonly records: CallRecord[] }> {
  const server = await scriptedServer(...script);
  const records: CallRecord[] = [];
  const options = { apiUrl: server.apiUrl, apiKey: API_KEY, clock };
  return { cloud: openAccount({ ...options, onCall: (call) => records.push(call) }), server, records };
}

export const NEW_MACHINE: NewInstance = {
  label: 'anny-test-blue',
  hostname: 'blue',
  region: 'ewr',
  plan: 'vc2-1c-1gb',
  from: { osId: 2284 },
  userData: '#cloud-config\n{}\n',
  sshKeyIds: [],
  tags: ['anny', 'op=1234'],
  uniqueTag: 'op=1234',
};

/** A page of a list as the API gives it. */
export function pageOf(key: string, items: readonly unknown[], next = ''): Reply {
  return { status: 200, body: { [key]: items, meta: { total: items.length, links: { next, prev: '' } } } };
}
