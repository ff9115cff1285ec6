import { destroyUntilGone } from '../../cloud/account/instances.ts';
import type {
  Cloud,
  Instance,
  InstanceId,
  NewInstance,
  ReservedIp,
  ReservedIpId,
  SnapshotId,
  SshKeyId,
} from '../../cloud/cloud.ts';
import { NOTHING, usd } from '../../cloud/money.ts';
import { fingerprintOf } from '../../machine/host-key.ts';
import type { Clock } from '../../operation/clock.ts';
import { apiOf } from './api.ts';
import { powerOff, powerOn } from './box/boot.ts';
import { emptyMemory, freshDisk, type Machine } from './box/machine.ts';
import { checkHoldsNothing, checkMayGo, checkNotOnlyCopy } from './invariants.ts';
import { fault, type Operator } from './operator.ts';
import { SKEW_MS, type World } from './world.ts';
import { SUBDOMAIN } from './zone.ts';

export interface Rented {
  readonly id: InstanceId;
  readonly request: NewInstance;
  tags: readonly string[];
  readonly createdAt: number;
  /** The API does not know a fresh machine for a moment. */
  readonly knownFrom: number;
  readonly placedFrom: number;
  readonly machine: Machine;
}

const PLAN_COST = { monthlyCost: usd(5), hourlyUsd: 0.007 };
const PLAN = { id: 'vc2-1c-1gb', diskGb: 25, ramMb: 1024, vcpus: 1, regions: ['ewr'], ...PLAN_COST };

export function cloudPort(world: World, operator: Operator, clock: Clock): Cloud {
  const { timeline, random, rented } = world;
  const { ask, make } = apiOf(world, operator, clock);
  const known = (id: InstanceId): Rented | undefined => {
    const one = rented.get(id);
    return one !== undefined && one.knownFrom <= timeline.now() ? one : undefined;
  };
  const list = () => ask('instances', () => [...rented.keys()].flatMap((id) => viewOf(world, known(id)) ?? []));
  const records = () => ask('records', () => world.zone.records());
  const later = (machine: Machine, act: () => void): void => {
    timeline.wakeAfter(random.int(200, 4_000), () => world.machines.includes(machine) && act());
  };
  return {
    account: () => ask('account', () => ({ name: 'simulated', email: '', pendingCharges: NOTHING })),
    plans: () => ask('plans', () => [PLAN]),
    sshKeys: () =>
      ask('sshKeys', () => [{ id: 'key-1' as SshKeyId, name: 'webengine-deploy', publicKey: 'ssh-ed25519 AAAA' }]),
    createSshKey: () => ask('createSshKey', () => 'key-1' as SshKeyId),
    firewallGroups: () => ask('firewallGroups', () => []),
    instances: list,
    instance: (id) => ask('instance', () => viewOf(world, known(id))),
    createInstance: (request) =>
      make(
        'createInstance',
        () => rent(world, request),
        async () =>
          (await list()).find(({ tags, label }) => tags.includes(request.uniqueTag) && label === request.label),
      ),
    tagInstance: (id, tags) =>
      ask('tagInstance', () => {
        const one = rented.get(id);
        if (one === undefined) throw fault('API_REFUSED', 'tagging', 'no such machine');
        one.tags = tags;
        world.tell(`account: ${one.machine.address} is ${tags.find((tag) => tag.startsWith('stage='))}`);
      }),
    clearUserData: () => ask('clearUserData', () => undefined),
    halt: (id) =>
      ask('halt', () => {
        const machine = rented.get(id)?.machine;
        if (machine !== undefined) later(machine, () => powerOff(machine));
      }),
    start: (id) =>
      ask('start', () => {
        const machine = rented.get(id)?.machine;
        if (machine !== undefined) later(machine, () => powerOn(machine, random.int(2_000, 9_000)));
      }),
    destroyInstance: (id) =>
      destroyUntilGone(clock, id, {
        destroy: () =>
          ask('destroyInstance', () => {
            const one = known(id);
            if (one !== undefined) giveUp(world, one);
            return one !== undefined;
          }),
        isListed: async () => (await list()).some((one) => one.id === id),
      }),
    snapshots: () => ask('snapshots', () => world.snapshots),
    snapshot: (id) => ask('snapshot', () => world.snapshots.find((one) => one.id === id)),
    createSnapshot: () => Promise.reject(new Error('no release command makes a snapshot')),
    describeSnapshot: () => Promise.reject(new Error('no release command describes a snapshot')),
    deleteSnapshot: () => Promise.reject(new Error('no release command deletes a snapshot')),
    records,
    createRecord: (_domain, { name, data }) =>
      make(
        'createRecord',
        () => {
          if (name !== SUBDOMAIN || world.zone.records().some(({ type }) => type === 'A')) {
            throw fault('API_REFUSED', 'creating a record', 'there is one');
          }
          world.tell(`account: the name leads to ${data}`);
          return world.zone.write(data, lateness(world));
        },
        async () => (await records()).find((one) => one.type === 'A' && one.data === data)?.id,
      ),
    notes: (prefix) => ask('notes', () => world.notes.list(prefix)),
    createNote: (name, text) =>
      make(
        'createNote',
        () => world.notes.create(name, text),
        async () => (await ask('notes', () => world.notes.list(name))).find((note) => note.name === name)?.id,
      ),
    writeNote: (id, text) => ask('writeNote', () => world.notes.write(id, text)),
    deleteNote: (id) => ask('deleteNote', () => world.notes.delete(id)),
    pointRecord: (_domain, _id, data) =>
      ask('pointRecord', () => {
        world.tell(`account: the name leads to ${data}`);
        world.zone.write(data, lateness(world));
      }),
    reservedIps: () => ask('reservedIps', () => reservedIps(world)),
    attachReservedIp: (_id, instance) =>
      ask('attachReservedIp', () => {
        if (world.reservedIp.attachedTo !== undefined) return;
        if (known(instance) === undefined) throw fault('API_REFUSED', 'attaching', 'no such machine');
        world.reservedIp.attachedTo = instance;
        world.reservedIpMoves += 1;
        world.tell(`account: the reserved IP leads to ${world.holder()?.address}`);
      }),
    detachReservedIp: () =>
      ask('detachReservedIp', () => {
        const late = world.weather.detachLate ? random.int(1_000, 20_000) : 0;
        world.weather.detachLate = false;
        detach(world, late);
      }),
    setRecordTtl: (_domain, _id, seconds) =>
      ask('setRecordTtl', () => {
        world.tell(`account: the TTL of the name is ${seconds} s`);
        world.zone.setTtl(seconds);
      }),
  };
}

/** Late, it is nothing when somebody has moved the address by then. */
function detach(world: World, lateMs: number): void {
  const { reservedIpMoves: before, timeline } = world;
  const act = (): void => {
    if (world.reservedIpMoves !== before) return;
    world.reservedIp.attachedTo = undefined;
    world.reservedIpMoves += 1;
    world.tell('account: the reserved IP leads nowhere');
  };
  if (lateMs === 0) act();
  else timeline.wakeAfter(lateMs, act);
}

/** How much later one of the name servers takes the change over than it usually does. */
function lateness({ weather, random }: World): number {
  const late = weather.serverLateMs === undefined ? 0 : random.int(...weather.serverLateMs);
  weather.serverLateMs = undefined;
  return late;
}

function rent(world: World, request: NewInstance): Instance {
  const { timeline, random, rented } = world;
  const now = timeline.now();
  const number = world.nextNumber();
  const machine = newMachine(world, request, `10.0.0.${number}`);
  const id = `instance-${number}` as InstanceId;
  const placedFrom = now + random.int(1_000, 6_000);
  const knownFrom = now + (random.chance(0.3) ? random.int(0, 3_000) : 0);
  const one = { id, request, tags: request.tags, createdAt: now, knownFrom, placedFrom, machine };
  rented.set(id, one);
  world.machines.push(machine);
  machine.dead = world.weather.stillborn;
  world.weather.stillborn = false;
  world.tell(`account: ${machine.address} is made, ${request.tags.find((tag) => tag.startsWith('release='))}`);
  powerOn(machine, placedFrom - now + random.int(2_000, 9_000));
  return viewOf(world, one) ?? viewAt(one, now);
}

function newMachine(world: World, request: NewInstance, address: string): Machine {
  const hostPublicKey = /ed25519_public: (ssh-ed25519 \S+)/.exec(request.userData)?.[1] ?? 'no host key';
  const snapshot = 'snapshotId' in request.from ? request.from.snapshotId : undefined;
  const image = world.images.find(({ snapshotId }) => snapshotId === snapshot);
  return {
    address,
    hostPublicKey,
    fingerprint: fingerprintOf(hostPublicKey),
    digest: image?.digest ?? '',
    temper: image?.temper ?? 'good',
    world,
    disk: freshDisk(),
    memory: emptyMemory(''),
    skewMs: world.skewed ? world.random.int(...SKEW_MS) : 0,
    power: 'starting',
    task: { alive: true },
    dead: false,
    cutUntil: 0,
    fullUntil: 0,
    tornPull: false,
    broken: new Set(),
    answered: [],
  };
}

function reservedIps({ reservedIp }: World): ReservedIp[] {
  return [{ id: 'reserved-1' as ReservedIpId, ...reservedIp }];
}

function giveUp(world: World, { id, machine }: Rented): void {
  checkHoldsNothing(world, id);
  checkMayGo(world, machine);
  checkNotOnlyCopy(world, machine);
  world.tell(`account: ${machine.address} is destroyed`);
  world.rented.delete(id);
  powerOff(machine);
  world.machines.splice(world.machines.indexOf(machine), 1);
}

function viewOf(world: World, one: Rented | undefined): Instance | undefined {
  return one === undefined ? undefined : viewAt(one, world.timeline.now());
}

function viewAt({ id, request, tags, createdAt, placedFrom, machine }: Rented, now: number): Instance {
  const placed = placedFrom <= now;
  return {
    id,
    label: request.label,
    hostname: request.hostname,
    tags,
    plan: request.plan,
    region: request.region,
    address: placed ? machine.address : undefined,
    status: placed ? 'active' : 'pending',
    power: machine.power === 'starting' && placed ? 'running' : machine.power,
    serverStatus: placed ? 'ok' : 'none',
    createdAt: new Date(createdAt).toISOString(),
    snapshotId: 'snapshotId' in request.from ? request.from.snapshotId : (undefined as SnapshotId | undefined),
  };
}
