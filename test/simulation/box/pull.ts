import type { HeldState, Manifest, PullSource } from '../../../machine/box.ts';
import { copyOf, missingIn, remove, type Writes } from '../writes.ts';
import { forgetTakeover } from './candidate.ts';
import { HEALTHY, requireHealthy, settleTakeover, startApp } from './flags.ts';
import {
  besideOf,
  die,
  historyGeneration,
  type Machine,
  manifestOf,
  pause,
  requireRole,
  requireRoom,
  seconds,
} from './machine.ts';

export async function pullKey(machine: Machine): Promise<string> {
  requireRole(machine, 'candidate', 'relay');
  machine.disk.pullKey = `ssh-ed25519 ${machine.world.random.hex(16)}`;
  return machine.disk.pullKey;
}

export async function admit(machine: Machine, publicKey: string): Promise<void> {
  requireRole(machine, 'writer');
  requireRoom(machine);
  machine.memory.admitted = publicKey;
}

/** Copies state, history and certificate, whole or not at all. On a relay the state is kept ahead, for the takeover. */
export async function pull(machine: Machine, source: PullSource): Promise<Manifest> {
  const { disk } = machine;
  requireRole(machine, 'candidate', 'relay');
  if (machine.memory.appRunning) die(machine, 'the app runs on this machine');
  requireRoom(machine);
  forgetTakeover(machine);
  await pause(machine, 100, 1_200);
  const from = admitting(machine, source);
  const state = fetched(machine, from);
  await pause(machine, 20, 200);
  requireRoom(machine);
  Object.assign(disk, disk.role === 'relay' ? { ahead: state } : { state });
  adoptBeside(machine, from);
  return manifestOf(state);
}

function admitting(machine: Machine, source: PullSource): Machine {
  const from = machine.world.machineAt(source.address);
  const admitted = from?.memory.up && from.disk.role === 'writer' && from.memory.admitted === machine.disk.pullKey;
  if (from === undefined || !admitted || from.hostPublicKey !== source.hostPublicKey) {
    die(machine, `copying the state from ${source.address} failed`);
  }
  return from;
}

function fetched(machine: Machine, from: Machine): Writes {
  const state = copyOf(from.disk.state);
  if (machine.tornPull) {
    machine.tornPull = false;
    // What was there already is not sent, and not torn.
    const sent = missingIn(state, machine.disk.ahead ?? machine.disk.state).at(-1);
    if (sent !== undefined) remove(state, sent);
  }
  return state;
}

function adoptBeside(machine: Machine, from: Machine): void {
  const { history, issuedUntil } = from.disk;
  Object.assign(machine.disk, { history, issuedUntil, generation: historyGeneration(history) });
  machine.memory.beside = `${from.address} ${besideOf(from.disk)}`;
}

/** The difference, and the app on it. */
export async function takeover(
  machine: Machine,
  source: PullSource,
  left: HeldState,
  timeoutMs: number,
): Promise<typeof HEALTHY> {
  const { disk, memory } = machine;
  requireRole(machine, 'candidate', 'relay');
  if (disk.takeoverFrom !== '') {
    const same = disk.takeoverFrom === source.address && disk.takeoverDigest === left.digest;
    if (!same) die(machine, `this machine has taken over other data, from ${disk.takeoverFrom}`);
    await startApp(machine);
    await requireHealthy(machine, timeoutMs);
  } else {
    if (memory.appRunning) die(machine, 'the app runs on this machine');
    await startOnDifference(machine, await pullDifference(machine, source, left), timeoutMs);
    requireRoom(machine);
    // Only once the app is healthy: before, the peer cannot have committed.
    const taken = { takeoverFrom: source.address, takeoverAt: seconds(machine), takeoverDigest: left.digest };
    Object.assign(disk, taken, { luckier: disk.role === 'relay', ahead: undefined, before: undefined });
  }
  memory.takeover.add(source.address);
  return HEALTHY;
}

async function pullDifference(machine: Machine, source: PullSource, left: HeldState): Promise<Writes> {
  requireRoom(machine);
  await pause(machine, 50, 600);
  const from = admitting(machine, source);
  const state = fetched(machine, from);
  if (manifestOf(state).digest !== left.digest) die(machine, `what arrived from ${from.address} is not what it left`);
  if (machine.memory.beside !== `${from.address} ${left.beside}`) {
    await pause(machine, 20, 200);
    adoptBeside(machine, from);
  }
  requireRoom(machine);
  return state;
}

/** An app that does not come up on it may have spoilt it. */
async function startOnDifference(machine: Machine, state: Writes, timeoutMs: number): Promise<void> {
  const { disk } = machine;
  Object.assign(disk, { state, before: disk.state });
  await startApp(machine);
  await requireHealthy(machine, timeoutMs).catch(async (error: unknown) => {
    await settleTakeover(machine);
    throw error;
  });
}
