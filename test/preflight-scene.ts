import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { test as plain } from 'vitest';
import { stringify } from 'yaml';
import type { Result } from '../bluegreen/preflight/check.ts';
import type { Ground } from '../bluegreen/preflight/ground.ts';
import { preflight } from '../bluegreen/preflight/preflight.ts';
import { resticBackups } from '../bluegreen/restic/restic-backups.ts';
import { describeImage } from '../builder/catalog.ts';
import { openAccount } from '../cloud/account/account.ts';
import { firstLook } from '../cloud/account/first-look.ts';
import { openInventory } from '../cloud/account/inventory.ts';
import { loadSettings } from '../config/load.ts';
import { makeSshKey } from '../machine/ssh-key.ts';
import { systemClock } from '../operation/system-clock.ts';
import { fastClock } from './cloud/clocks.ts';
import { API_KEY, type LocalApi, openLocalApi } from './cloud/local-api.ts';
import { makeMachine, makeSnapshot } from './cloud/scene.ts';
import { backupOf, seen } from './simulation/example-releases.ts';

const CALL_MS = 40;
export const DOMAIN = 'example.test';
export const KEY = makeSshKey(systemClock);
export const OTHER_KEY = makeSshKey(systemClock);

/** Sections of config.yaml. */
type Wishes = Readonly<Record<string, object>>;

export interface Scene {
  readonly api: LocalApi;
  readonly directory: string;
  /** Writes a file that only its owner may read. */
  write(name: string, text: string): Promise<void>;
  /** All checks, as `doctor --preflight` runs them; `change` is what is otherwise. */
  look(change?: Partial<Ground>, config?: Wishes): Promise<readonly Result[]>;
}

export const ENV = 'VULTR_API_KEY=k\nANNY_API_KEY=secret\nANNY_BACKUP_PASSWORD=p\n';
const configOf = (apiUrl: string, { infra, ...more }: Wishes): string =>
  stringify({
    infra: {
      ...{
        api_url: apiUrl,
        parent_domain: DOMAIN,
        vultr_plan: 'vc2-1c-2gb',
        ssh_key_name: 'me',
        ssh_private_key: 'key',
      },
      ...{ firewall_group: 'web', ...infra },
    },
    ...more,
  });

/** An account and a computer on which everything is in order, but for what a test changes. */
export const preflightTest = plain
  .extend('clock', () => fastClock())
  .extend('api', async ({ clock }, { onCleanup }) => {
    // Time stands still but for what is slept: else all calls of a test fall into one second, which has a limit.
    const prepare = (server: FastifyInstance) => server.addHook('onRequest', () => clock.sleep(CALL_MS));
    const api = await openLocalApi({ clock, prepare });
    onCleanup(api.close);
    await api.ask('POST', '/ssh-keys', { name: 'me', ssh_key: `${KEY.publicKey} me@home` });
    await api.ask('POST', '/domains', { domain: DOMAIN, ip: '192.0.2.1' });
    await api.ask('POST', '/firewalls', { description: 'web' });
    const machine = await makeMachine(api, { plan: 'vc2-1c-2gb' });
    await addImage(api, machine, 'a');
    return api;
  })
  .extend('directory', async ({ task: _task }, { onCleanup }) => {
    const directory = await mkdtemp(join(tmpdir(), 'anny-preflight-'));
    onCleanup(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, 'key'), KEY.privateKey, { mode: 0o600 });
    await writeFile(join(directory, '.env'), ENV, { mode: 0o600 });
    return directory;
  })
  .extend('scene', async ({ api, clock, directory }): Promise<Scene> => {
    const write = async (name: string, text: string): Promise<void> => {
      await writeFile(join(directory, name), text, { mode: 0o600 });
    };
    return {
      ...{ api, directory, write },
      look: async (change = {}, config = {}) => {
        await write('config.yaml', configOf(api.apiUrl, config));
        const settings = await loadSettings({ directory, env: {} });
        const options = { apiUrl: api.apiUrl, apiKey: API_KEY, clock };
        const listed = { backups: [backupOf(1, clock.now() / 1000 - 60)], proof: undefined };
        return preflight(
          {
            ...{ settings, clock, cloud: openAccount(options), inventory: openInventory(options) },
            vouching: { vouch: async () => ({ kind: 'signed', by: 'me', environment: 'production' }) },
            first: firstLook({ ...options, clock: systemClock }),
            backups: { ...resticBackups(settings), configured: true, offMachine: true, list: async () => listed },
            serversOf: async () => ({ kind: 'delegated', to: ['ns1.vultr.com', 'ns2.vultr.com'] }),
            observed: async (look) => look(seen([])),
            hasProgram: async () => true,
            addressesOf: async () => [],
            ...change,
          },
          10_000,
        );
      },
    };
  });

/** A tested image whose digest is that letter. */
export async function addImage(api: LocalApi, machine: string, letter: string): Promise<void> {
  const digest = letter.repeat(64);
  const image = { name: 'anny', digest, stage: 'tested', parent: 'os', operation: 'op' } as const;
  await makeSnapshot(api, machine, describeImage(image));
}

export function stateOf(results: readonly Result[], name: string): string {
  const result = results.find((one) => one.name === name);
  if (result === undefined) return 'not there';
  return result.state === 'ok' ? `ok ${result.found}` : `${result.state} ${result.found} → ${result.next}`;
}

/** Those that are not as they should be, by name. */
export function wrong(results: readonly Result[]): Record<string, string> {
  const bad = results.filter(({ state }) => state !== 'ok');
  return Object.fromEntries(bad.map(({ name }) => [name, stateOf(results, name)]));
}
