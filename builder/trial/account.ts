import { setImmediate as turn } from 'node:timers/promises';
import type { Cloud, Instance, InstanceId, NewInstance, Snapshot, SnapshotId, SshKeyId } from '../../cloud/cloud.ts';
import type { RunOptions, Shell, Shells } from '../../machine/shell.ts';
import { AnnyError } from '../../operation/errors.ts';
import { noteStore } from '../../test/cloud/note-store.ts';
import { imageOf } from '../catalog.ts';

import { trialClock } from './clock.ts';

/** Before the effect: refused, or Ctrl-C. After it: the answer is lost. */
export type Fault = 'refused' | 'lost' | 'interrupt';

/** How the simulated account and its machines behave. */
export interface Temper {
  readonly snapshotMs: number;
  readonly powersOff: boolean;
  /** What the machine's own search and checks say, by kind of machine. */
  readonly searchSays: Readonly<Record<'bake' | 'boot-test', string>>;
  readonly failingCheck: Readonly<Record<'bake' | 'boot-test', string>>;
  /** A script with this text fails. */
  readonly failingScript: string;
  /** By the number of the call, from 1. */
  readonly faults: ReadonlyMap<number, Fault>;
}

interface Machine {
  readonly request: NewInstance;
  readonly createdAt: number;
  instance: Instance;
}

const CALM: Temper = {
  snapshotMs: 60_000,
  powersOff: true,
  searchSays: { bake: '', 'boot-test': '' },
  failingCheck: { bake: '', 'boot-test': '' },
  failingScript: '',
  faults: new Map(),
};
const BOOT_MS = 5_000;

export type Account = ReturnType<typeof simulatedAccount>;

/** An account with its machines, for bakes: what orchestration calls is counted, and each call can be made to fail. */
export function simulatedAccount(wished: Partial<Temper> = {}) {
  const temper: Temper = { ...CALM, ...wished };
  const machines = new Map<InstanceId, Machine>();
  const snapshots = new Map<SnapshotId, Snapshot & { readonly readyAt: number }>();
  const notes = noteStore();
  const interrupt = new AbortController();
  const story: string[] = [];
  /** Snapshots that a machine booted from them has passed its tests of. */
  const proved = new Set<SnapshotId>();
  const calledTestedUnproved: SnapshotId[] = [];
  const clock = trialClock();
  let calls = 0;
  let number = 0;
  let openShells = 0;

  const call = async <T>(name: string, effect: () => T): Promise<T> => {
    calls += 1;
    const fault = temper.faults.get(calls);
    story.push(name);
    await clock.during(() => turn());
    if (fault === 'interrupt') interrupt.abort();
    if (fault === 'refused') throw failure('API_REFUSED', name);
    const result = effect();
    if (fault === 'lost') throw failure(name.startsWith('create') ? 'API_OUTCOME_UNKNOWN' : 'API_UNREACHABLE', name);
    return result;
  };

  const view = ({ instance, createdAt }: Machine): Instance =>
    clock.now() < createdAt + BOOT_MS
      ? instance
      : { ...instance, status: 'active', serverStatus: 'ok', address: '192.0.2.7' };
  const shown = ({ readyAt, ...snapshot }: Snapshot & { readonly readyAt: number }): Snapshot =>
    clock.now() >= readyAt ? { ...snapshot, status: 'complete', sizeBytes: 1e9 } : snapshot;

  const create = (request: NewInstance): Instance => {
    number += 1;
    if ('snapshotId' in request.from && !snapshots.has(request.from.snapshotId)) throw failure('API_REFUSED', 'create');
    const { label, hostname, tags, plan, region } = request;
    const id = `instance-${number}` as InstanceId;
    const instance: Instance = {
      ...{ id, label, hostname, tags, plan, region, address: undefined, status: 'pending', power: 'running' },
      ...{ serverStatus: 'none', createdAt: new Date(clock.now()).toISOString(), snapshotId: undefined },
    };
    machines.set(id, { request, createdAt: clock.now(), instance });
    return instance;
  };

  const cloud: Cloud = {
    ...unused,
    sshKeys: () =>
      call('keys', () => [{ id: 'key' as SshKeyId, name: 'webengine-deploy', publicKey: 'ssh-ed25519 AAAA' }]),
    instances: () => call('list machines', () => [...machines.values()].map(view)),
    instance: (id) =>
      call('look at machine', () => {
        const machine = machines.get(id);
        return machine === undefined ? undefined : view(machine);
      }),
    createInstance: (request) => call(`create ${kindOf(request.tags)}`, () => create(request)),
    clearUserData: () => call('clear user data', () => undefined),
    destroyInstance: (id) => call('destroy machine', () => void machines.delete(id)),
    snapshots: () => call('list snapshots', () => [...snapshots.values()].map(shown)),
    snapshot: (id) =>
      call('look at snapshot', () => {
        const snapshot = snapshots.get(id);
        return snapshot === undefined ? undefined : shown(snapshot);
      }),
    createSnapshot: (_instance, description) =>
      call('create snapshot', () => addSnapshot(description, temper.snapshotMs)),
    describeSnapshot: (id, description) =>
      call('describe snapshot', () => {
        const snapshot = snapshots.get(id);
        if (snapshot !== undefined) snapshots.set(id, { ...snapshot, description });
        if (description.includes('stage=tested') && !proved.has(id)) calledTestedUnproved.push(id);
      }),
    deleteSnapshot: (id) => call('delete snapshot', () => void snapshots.delete(id)),
    notes: (prefix) => call('list notes', () => notes.list(prefix)),
    createNote: (name, text) => call('create note', () => notes.create(name, text)),
    writeNote: (id, text) => call('write note', () => notes.write(id, text)),
    deleteNote: (id) => call('delete note', () => notes.delete(id)),
  };

  function addSnapshot(description: string, ms = 0): SnapshotId {
    number += 1;
    const id = `snapshot-${number}` as SnapshotId;
    const createdAt = new Date(clock.now()).toISOString();
    snapshots.set(id, { id, description, createdAt, status: 'pending', sizeBytes: 0, readyAt: clock.now() + ms });
    return id;
  }

  const shells: Shells = {
    open: async ({ address, hostKeyFingerprint }) => {
      const found = [...machines.values()].find(({ request }) => request.uniqueTag === `hostkey=${hostKeyFingerprint}`);
      if (found === undefined) throw failure('MACHINE_UNREACHABLE', 'open');
      await call('open shell', () => undefined);
      openShells += 1;
      return shellOn(found, address);
    },
  };

  function shellOn(machine: Machine, address: string): Shell {
    const kind = kindOf(machine.request.tags);
    const run = (script: string, options?: RunOptions): Promise<string> =>
      call(`run on ${kind}`, () => {
        options?.stdin?.resume();
        if (temper.failingScript !== '' && script.includes(temper.failingScript))
          throw failure('COMMAND_FAILED', 'run');
        if (script.includes('systemctl poweroff') && temper.powersOff) {
          machine.instance = { ...machine.instance, power: 'stopped' };
        }
        if (script.includes('find_text')) return temper.searchSays[kind];
        if (!script.includes('ufw_status')) return '';
        const { from } = machine.request;
        if ('snapshotId' in from && kind === 'boot-test' && temper.failingCheck[kind] === '')
          proved.add(from.snapshotId);
        return checksAnswer(script, temper.failingCheck[kind]);
      });
    return {
      address,
      run,
      attempt: async (script) => ({ code: 0, stdout: await run(script), stderr: '' }),
      put: () => call(`put on ${kind}`, () => undefined),
      close: async () => {
        openShells -= 1;
      },
    };
  }

  return {
    ...{ cloud, shells, clock, interrupt, story, addSnapshot },
    calledTestedUnproved: () => calledTestedUnproved,
    notes: () => notes.list(''),
    calls: () => calls,
    openShells: () => openShells,
    machines: () => [...machines.values()].map(({ instance }) => instance),
    images: () => [...snapshots.values()].map((one) => imageOf(shown(one))),
    addMachine: (request: NewInstance) => create(request),
    destroy: (id: InstanceId) => machines.delete(id),
  };
}

function kindOf(tags: readonly string[]): 'bake' | 'boot-test' {
  return tags.includes('kind=bake') ? 'bake' : 'boot-test';
}

/** The machine answers every check that it is asked, as a good machine would. */
function checksAnswer(script: string, failing: string): string {
  const titles = [...script.matchAll(/^(?:expect|refuse|same|prints) '([^']*)'/gm)].map((match) => match[1] ?? '');
  return titles.map((title) => (title === failing ? `bad\t${title}\tfound "no"` : `ok\t${title}`)).join('\n');
}

function failure(
  code: 'API_REFUSED' | 'API_UNREACHABLE' | 'API_OUTCOME_UNKNOWN' | 'COMMAND_FAILED' | 'MACHINE_UNREACHABLE',
  name: string,
): AnnyError {
  return new AnnyError(code, { doing: name, found: 'simulated', next: 'nothing' });
}

const never = (): Promise<never> => Promise.reject(new Error('no bake calls this'));
const unused = {
  ...{ account: never, plans: never, createSshKey: never, firewallGroups: never, tagInstance: never, halt: never },
  ...{ start: never, records: never, createRecord: never, pointRecord: never },
};
