import type { Manifest, PullSource } from '../../../machine/box.ts';
import { copyOf, newest, remove } from '../writes.ts';
import { forgetTakeover } from './candidate.ts';
import { HEALTHY, requireHealthy, startApp, stopApp } from './flags.ts';
import {
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

/** Copies state, history and certificate, whole or not at all. */
export async function pull(machine: Machine, source: PullSource): Promise<Manifest> {
  const { disk, world } = machine;
  requireRole(machine, 'candidate', 'relay');
  if (machine.memory.appRunning) die(machine, 'the app runs on this machine');
  requireRoom(machine);
  forgetTakeover(machine);
  await pause(machine, 100, 1_200);
  const from = world.machineAt(source.address);
  const admitted = from?.memory.up && from.disk.role === 'writer' && from.memory.admitted === disk.pullKey;
  if (from === undefined || !admitted || from.hostPublicKey !== source.hostPublicKey) {
    die(machine, `copying the state from ${source.address} failed`);
  }
  const state = copyOf(from.disk.state);
  if (machine.tornPull) {
    machine.tornPull = false;
    remove(state, newest(state) ?? 0);
  }
  await pause(machine, 20, 200);
  requireRoom(machine);
  const { history, issuedUntil } = from.disk;
  Object.assign(disk, { state, history, issuedUntil, pulledFrom: source.address, luckier: disk.role === 'relay' });
  disk.generation = historyGeneration(history);
  return manifestOf(state);
}

/** Written down only once the app is healthy: before, the peer cannot have committed. */
export async function takeover(machine: Machine, peer: string, timeoutMs: number): Promise<typeof HEALTHY> {
  const { disk, memory } = machine;
  requireRole(machine, 'candidate', 'relay');
  if (disk.pulledFrom !== peer) die(machine, `the state on this machine did not come from ${peer}`);
  await startApp(machine);
  await requireHealthy(machine, timeoutMs).catch(async (error: unknown) => {
    await stopApp(machine);
    throw error;
  });
  requireRoom(machine);
  Object.assign(disk, { takeoverFrom: peer, takeoverAt: seconds(machine) });
  memory.takeover.add(peer);
  return HEALTHY;
}
