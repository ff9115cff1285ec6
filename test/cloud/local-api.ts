import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createAdminApi } from '../../cloud/local/api/admin.ts';
import { type Fault, openFaults } from '../../cloud/local/api/faults.ts';
import { createApi } from '../../cloud/local/api/server.ts';
import { openStore } from '../../cloud/local/api/store.ts';
import { type SimulatedHypervisor, simulatedHypervisor } from '../../cloud/local/hypervisor-simulated.ts';
import type { Clock } from '../../operation/clock.ts';
import { type Ask, asker } from './ask.ts';

export const API_KEY = 'KEY-OF-A-TEST-0123456789';

export interface LocalApi {
  /** "http://127.0.0.1:…/v2" */
  readonly apiUrl: string;
  readonly hypervisor: SimulatedHypervisor;
  readonly operations: () => readonly string[];
  /** The API, with the right key. */
  readonly ask: Ask;
  /** The admin API. */
  readonly admin: Ask;
  plan(fault: Fault, times?: number): Promise<void>;
  /** Ends it and begins anew on what it had stored. */
  restart(): Promise<LocalApi>;
  /** Begins anew on what is on disk at this moment and on copies of its machines, as if this one had died. */
  crash(left?: (hypervisor: SimulatedHypervisor) => Promise<void>): Promise<LocalApi>;
  close(): Promise<void>;
}

export interface LocalApiOptions {
  readonly clock: Clock;
  /** Sees the server before it listens. */
  readonly prepare?: (server: FastifyInstance) => void;
}

/** The real API over simulated machines, listening on loopback, with its admin API beside it. */
export async function openLocalApi(options: LocalApiOptions): Promise<LocalApi> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-api-'));
  return start(options, directory, simulatedHypervisor());
}

async function start(options: LocalApiOptions, directory: string, hypervisor: SimulatedHypervisor): Promise<LocalApi> {
  const faults = openFaults();
  const store = await openStore(directory);
  const api = createApi({
    store,
    hypervisor,
    faults,
    clock: options.clock,
    apiKey: API_KEY,
    reservedAddresses: ['10.77.128.1', '10.77.128.2'],
  });
  options.prepare?.(api);
  const admin = createAdminApi(faults, store);
  const apiUrl = `${await api.listen({ host: '127.0.0.1', port: 0 })}/v2`;
  const askAdmin = asker(await admin.listen({ host: '127.0.0.1', port: 0 }), undefined);
  const stop = async (): Promise<void> => void (await Promise.all([api.close(), admin.close()]));
  return {
    apiUrl,
    hypervisor,
    operations: faults.operations,
    ask: asker(apiUrl, API_KEY),
    admin: askAdmin,
    plan: async (fault, times = 1) => {
      const { status, json } = await askAdmin('PUT', '/faults', { fault, times });
      if (status !== 204) throw new Error(`the admin API answered ${status}: ${JSON.stringify(json)}`);
    },
    restart: async () => {
      await stop();
      return start(options, directory, hypervisor);
    },
    crash: async (left) => {
      const copy = await mkdtemp(join(tmpdir(), 'anny-api-'));
      await copyFile(join(directory, 'account.json'), join(copy, 'account.json'));
      const machines = simulatedHypervisor(hypervisor);
      await left?.(machines);
      return start(options, copy, machines);
    },
    close: async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
