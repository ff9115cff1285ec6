import { applyRole, HEALTHY, requireHealthy, startApp, stopApp } from './flags.ts';
import {
  become,
  die,
  historyGeneration,
  type Machine,
  NO_TAKEOVER,
  pause,
  remember,
  requireRole,
  requireRoom,
} from './machine.ts';

export async function prepare(machine: Machine, release: string, slot: 'blue' | 'green'): Promise<void> {
  requireRole(machine, 'none', 'candidate');
  if (machine.disk.role !== 'candidate' || machine.disk.release !== release) {
    become(machine, 'candidate', { release, slot });
  }
  applyRole(machine);
}

export async function secrets(machine: Machine): Promise<void> {
  requireRole(machine, 'candidate', 'writer', 'relay');
  requireRoom(machine);
  await pause(machine, 50);
}

export async function start(machine: Machine, timeoutMs: number): Promise<typeof HEALTHY> {
  requireRole(machine, 'candidate');
  forgetTakeover(machine);
  await startApp(machine);
  await requireHealthy(machine, timeoutMs);
  return HEALTHY;
}

export async function stop(machine: Machine): Promise<void> {
  requireRole(machine, 'none', 'candidate', 'relay');
  await stopApp(machine);
  machine.memory.passes.clear();
  machine.memory.beside = '';
  machine.disk.ahead = undefined;
  forgetTakeover(machine);
}

export function forgetTakeover(machine: Machine): void {
  machine.memory.takeover.clear();
  if (machine.disk.takeoverFrom === '') return;
  requireRoom(machine);
  Object.assign(machine.disk, NO_TAKEOVER);
}

export async function pass(machine: Machine, token: string): Promise<void> {
  requireRole(machine, 'candidate', 'relay');
  machine.memory.passes.add(token);
}

export async function activate(machine: Machine, after = 0): Promise<void> {
  const { disk, memory } = machine;
  requireRole(machine, 'candidate', 'relay', 'writer');
  await startApp(machine);
  if (disk.role !== 'writer') {
    becomeWriter(machine, after);
    await pause(machine, 5, 50);
  }
  if (memory.holdUntil === 0) applyRole(machine);
  remember(machine, 'activated');
}

/** What is open ends; nobody here has anything open. */
export async function leave(machine: Machine): Promise<void> {
  requireRole(machine, 'relay');
  machine.memory.leavingUntil = machine.world.timeline.now() + LEAVE_MS;
  await pause(machine, 20, 600);
}

const LEAVE_MS = 10_000;

export async function answerAt(machine: Machine, address: string): Promise<void> {
  requireRoom(machine);
  machine.disk.answersAt = address;
  machine.memory.leavingUntil = 0;
}

function becomeWriter(machine: Machine, after: number): void {
  const { disk } = machine;
  const generation = Math.max(after, disk.generation, historyGeneration(disk.history)) + 1;
  become(machine, 'writer', { generation, wrote: generation, relayTo: '', ...NO_TAKEOVER });
}

export async function unfence(machine: Machine, after: number): Promise<void> {
  requireRole(machine, 'fenced', 'writer');
  if (machine.memory.mode.writer) die(machine, 'this machine serves already');
  await startApp(machine);
  await requireHealthy(machine, UNFENCE_MS).catch(async (error: unknown) => {
    await stopApp(machine);
    throw error;
  });
  becomeWriter(machine, after);
  await pause(machine, 5, 50);
  applyRole(machine);
  remember(machine, 'activated');
}

const UNFENCE_MS = 30_000;

/** The flags go first and whatever happens to the file: a machine that is told to stop serving stops. */
export async function fence(machine: Machine): Promise<void> {
  const { memory, disk } = machine;
  memory.mode = { writer: false, hold: false, relay: false };
  memory.takeover.clear();
  memory.passes.clear();
  if (disk.role !== 'fenced') become(machine, 'fenced', NO_TAKEOVER);
  applyRole(machine);
  await stopApp(machine);
}
