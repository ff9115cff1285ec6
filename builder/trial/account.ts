import { setImmediate as turn } from 'node:timers/promises';
import type { Cloud, Instance, InstanceId, NewInstance, Snapshot, SnapshotId, SshKeyId } from '../../cloud/cloud.ts';
import type { Shells } from '../../machine/shell.ts';
import { noteStore } from '../../test/cloud/note-store.ts';
import { imageOf } from '../catalog.ts';
import { NOTES } from '../papers/archive.ts';
import { trialClock } from './clock.ts';
import { failure } from './failure.ts';
import { kindOf, type Machine, machineShell } from './machine-shell.ts';
import { CALM, type Temper } from './temper.ts';

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
    clock.now() >= readyAt ? { ...snapshot, status: 'complete', sizeBytes: 1e9, storedBytes: 1e8 } : snapshot;

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
    plans: () => call('list plans', () => [temper.plan]),
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
    const sizes = { sizeBytes: 0, storedBytes: 0 };
    snapshots.set(id, { id, description, createdAt, status: 'pending', ...sizes, readyAt: clock.now() + ms });
    return id;
  }

  const shells: Shells = {
    open: async ({ address, hostKeyFingerprint }) => {
      const found = [...machines.values()].find(({ request }) => request.uniqueTag === `hostkey=${hostKeyFingerprint}`);
      if (found === undefined) throw failure('MACHINE_UNREACHABLE', 'open');
      await call('open shell', () => undefined);
      openShells += 1;
      const closed = (): void => {
        openShells -= 1;
      };
      return machineShell({ temper, call, prove: (snapshot) => proved.add(snapshot), closed }, found, address);
    },
  };

  const papersOfImages = (): string[] =>
    [...snapshots.values()].flatMap((one) => {
      const image = imageOf(shown(one));
      return image === undefined ? [] : [`${NOTES}${image.operation}/${image.digest.slice(0, 12)}`];
    });

  return {
    ...{ cloud, shells, clock, interrupt, story, addSnapshot },
    calledTestedUnproved: () => calledTestedUnproved,
    /** Those that nothing accounts for: claims, and papers of images that are not there. */
    notes: () => notes.list('').filter(({ name }) => !papersOfImages().includes(name)),
    calls: () => calls,
    openShells: () => openShells,
    machines: () => [...machines.values()].map(({ instance }) => instance),
    images: () => [...snapshots.values()].map((one) => imageOf(shown(one))),
    addMachine: (request: NewInstance) => create(request),
    destroy: (id: InstanceId) => machines.delete(id),
  };
}

const never = (): Promise<never> => Promise.reject(new Error('no bake calls this'));
const unused = {
  ...{ account: never, createSshKey: never, firewallGroups: never, tagInstance: never, halt: never },
  ...{ start: never, records: never, createRecord: never, pointRecord: never, setRecordTtl: never },
  ...{ reservedIps: never, attachReservedIp: never, detachReservedIp: never },
};
