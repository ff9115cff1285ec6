import type { Box, BoxStatus, Machines, Processes } from '../../machine/box.ts';
import { backup, certificate, certificateOf, restore } from './box/backup.ts';
import { powerOff, powerOn } from './box/boot.ts';
import { activate, answerAt, fence, leave, pass, prepare, secrets, start, stop, unfence } from './box/candidate.ts';
import { locked } from './box/flags.ts';
import { hold, relay, restart, resume } from './box/handover.ts';
import { knownLease, requireLease } from './box/lease.ts';
import { type Machine, NOTHING_RELAYED, pause, seconds } from './box/machine.ts';
import { admit, pull, pullKey, takeover } from './box/pull.ts';

import { traffic } from './box/traffic.ts';
import { Violation } from './invariants.ts';
import { call, fault, type Happening, noteChange, type Operator, timeOf } from './operator.ts';

import type { World } from './world.ts';

/** What no two commands can do each other harm with. */
const FREE = ['backup'];
const VERB_TIMEOUT_MS = 60_000;
const TRANSFER_TIMEOUT_MS = 3_600_000;

const lost = (address: string, found: string) => fault('MACHINE_UNREACHABLE', `talking to ${address}`, found);

/** Machines over a network that breaks. A verb that has begun goes on without its caller. */
export function machinesPort(world: World, operator: Operator): Machines {
  return {
    connect: ({ address, hostKeyFingerprint, untilMs = Number.POSITIVE_INFINITY }) =>
      call(world, operator, 'box.connect', async (what) => {
        const machine = world.machineAt(address);
        if (machine !== undefined && what === 'cut long') cut(machine, 60_000, 400_000);
        if (machine === undefined || !reachable(machine) || what === 'cut before') {
          const left = Math.max(1, untilMs - timeOf(world, operator));
          await world.timeline.sleep(world.forever, Math.min(left, world.random.int(50, 10_000)));
          throw lost(address, 'no answer');
        }
        if (machine.fingerprint !== hostKeyFingerprint) throw fault('HOST_KEY_MISMATCH', 'connecting', 'a foreign key');
        return boxOn(world, operator, { machine, life: machine.task, opened: world.timeline.now(), open: true });
      }),
  };
}

function reachable(machine: Machine): boolean {
  return machine.memory.up && machine.cutUntil <= machine.world.timeline.now();
}

/** The operator loses the machine; its clients and peers do not. */
export function cut(machine: Machine, minMs: number, maxMs: number): void {
  const { timeline, random } = machine.world;
  machine.cutUntil = Math.max(machine.cutUntil, timeline.now() + random.int(minMs, maxMs));
  for (const broken of [...machine.broken]) broken();
}

export function reboot(machine: Machine): void {
  machine.world.tell(`${machine.address} reboots`);
  powerOff(machine);
  powerOn(machine, machine.world.random.int(3_000, 20_000));
}

export function dies(machine: Machine): void {
  machine.world.tell(`${machine.address} dies`);
  machine.dead = true;
  powerOff(machine);
  // The account goes on saying so until it is told to stop it.
  machine.power = 'running';
}

/** The account has lost it, or somebody has destroyed it by hand: nothing tells of it any more but its backups. */
export function vanishes(machine: Machine): void {
  dies(machine);
  const { rented, reservedIp, store } = machine.world;
  // Without any, nobody could know that there ever was something to lose.
  if (store.length === 0) return;
  for (const [id, one] of rented) {
    if (one.machine !== machine) continue;
    rented.delete(id);
    if (reservedIp.attachedTo === id) reservedIp.attachedTo = undefined;
  }
}

function befall(machine: Machine, what: Happening | undefined): void {
  const { timeline, random } = machine.world;
  const life = machine.task;
  const soon = (act: () => void): void => timeline.wakeAfter(random.int(0, 800), () => life.alive && act());
  if (what === 'reboot') soon(() => reboot(machine));
  if (what === 'dies') soon(() => dies(machine));
  if (what === 'vanishes') soon(() => vanishes(machine));
  if (what === 'slow and cut') soon(() => cut(machine, 1_000, 30_000));
  if (what === 'cut after') soon(() => cut(machine, 200, 12_000));
  if (what === 'cut long') soon(() => cut(machine, 60_000, 400_000));
  if (what === 'full disk') machine.fullUntil = timeline.now() + random.int(1_000, 60_000);
  if (what === 'torn pull') machine.tornPull = true;
}

type Verb<T> = (slowly: () => Promise<void>) => Promise<T>;

interface Line {
  readonly machine: Machine;
  /** The machine's life in which it was opened: it does not outlast it. */
  readonly life: Machine['task'];
  readonly opened: number;
  open: boolean;
}

function boxOn(world: World, operator: Operator, line: Line, untilMs = Number.POSITIVE_INFINITY): Box {
  const { machine, life, opened } = line;
  const { address } = machine;
  const broken = (): boolean => !line.open || !life.alive || machine.cutUntil > opened;
  const run = <T>(name: string, verb: Verb<T>, timeoutMs = VERB_TIMEOUT_MS): Promise<T> =>
    call(world, operator, `box.${name}`, (what) => {
      if (what === 'cut before') cut(machine, 200, 12_000);
      if (broken()) return Promise.reject(lost(address, 'the connection broke'));
      befall(machine, what);
      const slowly = async (): Promise<void> => {
        if (what === 'slow' || what === 'slow and cut') await pause(machine, 2_000, 30_000);
      };
      return answered(machine, () => verb(slowly), Math.min(timeoutMs, Math.max(1, untilMs - timeOf(world, operator))));
    });
  const inTurn = <T>(name: string, verb: () => Promise<T>, timeoutMs?: number): Promise<T> => {
    const token = operator.token();
    const turn = async (slowly: () => Promise<void>): Promise<T> => {
      requireLease(machine, token, name);
      if (token === undefined && !FREE.includes(name)) throw new Violation(`${name} at ${address} without a lease`);
      if (name !== 'claim') noteChange(world, operator);
      await slowly();
      return verb();
    };
    return run(name, (slowly) => locked(machine, () => turn(slowly)), timeoutMs);
  };
  return {
    address,
    status: () => run('status', async () => statusOf(machine)),
    claim: () => inTurn('claim', async () => statusOf(machine)),
    prepare: (release, slot) => inTurn('prepare', () => prepare(machine, release, slot)),
    secrets: () => inTurn('secrets', () => secrets(machine)),
    compareSecrets: () => inTurn('compareSecrets', async () => []),
    useSecrets: () =>
      inTurn('useSecrets', async () => {
        await restart(machine);
        return { changes: [], restarted: true };
      }),
    restart: () => inTurn('restart', () => restart(machine)),
    restore: (snapshot) => inTurn('restore', () => restore(machine, snapshot), TRANSFER_TIMEOUT_MS),
    start: (timeoutMs) => inTurn('start', () => start(machine, timeoutMs), timeoutMs + VERB_TIMEOUT_MS),
    stop: () => inTurn('stop', () => stop(machine)),
    pass: (token) => inTurn('pass', () => pass(machine, token)),
    activate: (after) => inTurn('activate', () => activate(machine, after)),
    hold: (budgetMs) => inTurn('hold', () => hold(machine, budgetMs)),
    resume: () => inTurn('resume', () => resume(machine)),
    relay: (to) => inTurn('relay', () => relay(machine, to)),
    leave: () => inTurn('leave', () => leave(machine)),
    answerAt: (at) => inTurn('answerAt', () => answerAt(machine, at)),
    unfence: (after) => inTurn('unfence', () => unfence(machine, after)),
    fence: () => inTurn('fence', () => fence(machine)),
    pullKey: () => inTurn('pullKey', () => pullKey(machine)),
    admit: (publicKey) => inTurn('admit', () => admit(machine, publicKey)),
    pull: (source) => inTurn('pull', () => pull(machine, source), TRANSFER_TIMEOUT_MS),
    takeover: (source, held, timeoutMs) =>
      inTurn('takeover', () => takeover(machine, source, held, timeoutMs), timeoutMs + VERB_TIMEOUT_MS),
    backup: () => inTurn('backup', () => backup(machine), TRANSFER_TIMEOUT_MS),
    certificate: () => inTurn('certificate', () => certificate(machine), 300_000),
    logs: () => run('logs', async () => 'a line of the app'),
    ps: () => run('ps', async () => processesOf(machine)),
    traffic: (seconds) => run('traffic', async () => traffic(machine, seconds)),
    history: () => run('history', async () => machine.disk.history),
    within: (ms) => boxOn(world, operator, line, ms),
    close: async () => {
      line.open = false;
    },
  };
}

/** The verb's answer, or what breaks first: the machine, the network, the caller's patience. */
function answered<T>(machine: Machine, verb: () => Promise<T>, timeoutMs: number): Promise<T> {
  const { world, broken, address } = machine;
  return new Promise((resolve, reject) => {
    const end = (act: () => void): void => {
      if (broken.delete(drop)) act();
    };
    const drop = (): void => {
      // What a dead connection is noticed by: keepalives.
      world.timeline.wakeAfter(world.random.int(10, 15_000), () => reject(lost(address, 'the connection broke')));
      broken.delete(drop);
    };
    broken.add(drop);
    world.timeline.wakeAfter(timeoutMs, () => end(() => reject(lost(address, `no end after ${timeoutMs} ms`))));
    verb().then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}

function processesOf({ memory }: Machine): Processes {
  const container = { name: 'anny', image: 'anny:baked', state: 'running', health: '', startedAt: '' };
  return {
    container: memory.appRunning ? { ...container, restarts: 0, exitCode: 0, memoryBytes: 0 } : null,
    nginx: { configuration: 'ok', connections: 0, underWay: memory.open },
    ...{ services: [], jobs: [], timers: [] },
  };
}

export function statusOf(machine: Machine): BoxStatus {
  const { disk, memory, world } = machine;
  const { role, release, slot, since, generation, wrote, relayTo, lastBackupAt, savedAt } = disk;
  return {
    ...{ role, release, slot, since, generation, wrote, relayTo, lastBackupAt, savedAt },
    checkedAt: seconds(machine),
    held: memory.holdUntil > 0,
    holdUntil: memory.holdUntil === 0 ? 0 : Math.floor((memory.holdUntil + machine.skewMs) / 1000),
    app: { running: memory.appRunning, image: machine.digest, startedAt: '', restarts: 0 },
    image: { name: 'anny', digest: machine.digest },
    certificate: certificateOf(machine),
    relayed: { ...(role === 'relay' ? disk.relayed : NOTHING_RELAYED), open: role === 'relay' ? memory.open : 0 },
    peerWrites: role === 'relay' ? disk.peerWrites : null,
    takeover: { from: disk.takeoverFrom, at: disk.takeoverAt },
    hostPublicKey: machine.hostPublicKey,
    lease: knownLease(machine),
    bootId: memory.bootId,
    uptimeSeconds: 0,
    diskFreeBytes: world.timeline.now() < machine.fullUntil ? 0 : 1e10,
    now: seconds(machine),
    failedUnits: [],
  };
}
