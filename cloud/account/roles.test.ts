import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { NEW_MACHINE, accountTest as test } from '../../test/cloud/account-scene.ts';
import { API_KEY } from '../../test/cloud/local-api.ts';
import { until } from '../../test/cloud/until.ts';
import type { Cloud } from '../cloud.ts';
import type { Inventory } from '../inventory.ts';
import { openInventory } from './inventory.ts';
import { type AccountSetup, openAccountSetup } from './setup.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Whose sources call the account, by the column of docs/roles.md. */
interface Sources {
  readonly in: readonly string[];
  readonly without?: readonly string[];
  /** Of what others' sources have. */
  readonly also?: readonly string[];
}

const COLUMNS: Readonly<Record<string, Sources>> = {
  'anny-image': { in: ['builder', 'lease', 'machine'] },
  'anny-bluegreen': {
    in: ['bluegreen', 'lease', 'builder/catalog.ts', 'machine'],
    // The papers of an image, read before it is trusted.
    also: ['notes'],
    without: ['bluegreen/init', 'bluegreen/ssh-keys', 'bluegreen/cost', 'bluegreen/preflight'],
  },
  'cost, preflight': {
    in: ['bluegreen/cost', 'bluegreen/preflight', 'builder/catalog.ts', 'machine'],
    // Who is at work, and for whom an image was baked.
    also: ['notes'],
  },
  init: { in: ['bluegreen/init'] },
  'ssh-keys': { in: ['bluegreen/ssh-keys', 'bluegreen/observe.ts', 'lease', 'machine'] },
};

type Port = Cloud & AccountSetup & Omit<Inventory, 'reservedIps'>;

/** What each method of the ports sends, as the API's own server saw it. */
async function routesOf(port: Port, taken: () => readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const routes = new Map<string, readonly string[]>();
  const called = new Proxy(port, {
    get: (target, name: keyof Port) => {
      return async (...words: never[]) => {
        taken();
        const result: unknown = await Reflect.apply(target[name], target, words);
        routes.set(name, [...new Set([...(routes.get(name) ?? []), ...taken()])]);
        return result;
      };
    },
  });
  await callAll(called);
  expect(Object.keys(port).filter((name) => !routes.has(name))).toEqual([]);
  return routes;
}

async function callAll(port: Port): Promise<void> {
  await Promise.resolve();
  await port.account();
  await port.plans();
  await port.regions();
  await port.availablePlans('ewr');
  await port.objectStorages();
  await port.firewallGroups();
  const key = await port.createSshKey('ops', 'ssh-ed25519 AAAA ops');
  await port.sshKeys();
  await port.replaceSshKey(key, 'ssh-ed25519 BBBB ops');
  await port.createDomain('anny.test');
  await port.hasZone('anny.test');
  await port.domains();
  const record = await port.createRecord('anny.test', { type: 'A', name: 'a', data: '192.0.2.1', ttlSeconds: 60 });
  await port.records('anny.test');
  await port.pointRecord('anny.test', record, '192.0.2.2');
  await port.setRecordTtl('anny.test', record, 30);
  const { id } = await port.createInstance({ ...NEW_MACHINE, sshKeyIds: [key] });
  await until(async () => (await port.instance(id))?.serverStatus === 'ok');
  await port.instances();
  await port.tagInstance(id, ['anny']);
  await port.clearUserData(id);
  const [reserved] = await port.reservedIps();
  if (reserved === undefined) throw new Error('the reserved IP is not listed');
  await port.attachReservedIp(reserved.id, id);
  await port.detachReservedIp(reserved.id);
  await port.halt(id);
  await port.start(id);
  const snapshot = await port.createSnapshot(id, 'anny image=app');
  await until(async () => (await port.snapshot(snapshot))?.status === 'complete');
  await port.describeSnapshot(snapshot, 'anny image=app stage=tested');
  await port.snapshots();
  await port.destroyInstance(id);
  await port.deleteSnapshot(snapshot);
  const note = await port.createNote('a note', 'text');
  await port.notes('a ');
  await port.writeNote(note, 'other');
  await port.deleteNote(note);
  await port.deleteSshKey(key);
  await port.deleteDomain('anny.test');
}

async function sourcesIn(path: string): Promise<string[]> {
  if (path.endsWith('.ts')) return [path];
  const entries = await readdir(join(ROOT, path), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(({ name }) =>
      /\.test\.ts$|^(trial|contract|golden)$/.test(name) || (name.includes('.') && !name.endsWith('.ts'))
        ? []
        : sourcesIn(`${path}/${name}`),
    ),
  );
  return found.flat();
}

async function methodsIn({ in: folders, without = [], also = [] }: Sources): Promise<ReadonlySet<string>> {
  const files = (await Promise.all(folders.map(sourcesIn))).flat();
  const chosen = files.filter((file) => !without.some((folder) => file.startsWith(`${folder}/`)));
  const texts = await Promise.all(chosen.map((file) => readFile(join(ROOT, file), 'utf8')));
  const named = texts.flatMap((text) =>
    [...text.matchAll(/\b(?:cloud|setup|inventory)\.(\w+)/g)].map(([, name = '']) => name),
  );
  return new Set([...also, ...named]);
}

test('docs/roles.md says of every route who calls it, as it is', { timeout: 60_000 }, async ({
  cloud,
  api,
  wire,
  clock,
}) => {
  await api.ask('POST', '/reserved-ips', { region: NEW_MACHINE.region, ip_type: 'v4', label: 'app' });
  const options = { apiUrl: api.apiUrl, apiKey: API_KEY, clock };
  const taken = () => wire.seen.splice(0).map(({ operation }) => operation);
  const routes = await routesOf({ ...openAccountSetup(options), ...openInventory(options), ...cloud }, taken);
  const callers = new Map<string, string[]>();
  for (const [column, folders] of Object.entries(COLUMNS)) {
    for (const method of await methodsIn(folders)) {
      for (const route of routes.get(method) ?? []) {
        callers.set(route, [...new Set([...(callers.get(route) ?? []), column])]);
      }
    }
  }
  const names = Object.keys(COLUMNS);
  const wanted = [...callers].map(([route, who]) => [route, ...names.map((name) => (who.includes(name) ? 'x' : ''))]);
  const table = (await readFile(join(ROOT, 'docs/roles.md'), 'utf8')).matchAll(
    /^\| `((?:GET|POST|PATCH|PUT|DELETE) \S+)` *\|(.*)\|$/gm,
  );
  const said = [...table].map(([, route = '', cells = '']) => [route, ...cells.split('|').map((cell) => cell.trim())]);
  expect(said.sort()).toEqual(wanted.sort());
});
