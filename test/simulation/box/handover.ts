import type { HeldState } from '../../../machine/box.ts';
import { decide } from '../traffic.ts';
import { applyRole, HEALTHY, locked, startApp, stopApp } from './flags.ts';
import {
  become,
  besideOf,
  die,
  type Machine,
  manifestOf,
  NO_TAKEOVER,
  NOTHING_RELAYED,
  pause,
  remember,
  requireRole,
  seconds,
} from './machine.ts';

/**
 * The timer is armed before the first request waits; an older one that fires finds a later deadline. Then the app stops,
 * and what it has left is written down.
 */
export async function hold(machine: Machine, budgetMs: number): Promise<HeldState> {
  const { memory, world, task } = machine;
  requireRole(machine, 'writer');
  memory.holdUntil = world.timeline.now() + budgetMs;
  void world.timeline.sleep(task, budgetMs).then(() => deadmanFires(machine));
  await pause(machine, 20, 100);
  memory.jobs = false;
  memory.mode.hold = true;
  requireHeld(machine);
  if (memory.quiesced === undefined || memory.appRunning) {
    memory.quiesced = undefined;
    await stopApp(machine);
    await pause(machine, 10, 200);
    requireHeld(machine);
    memory.quiesced = manifestOf(machine.disk.state);
  }
  return { ...memory.quiesced, beside: besideOf(machine.disk) };
}

function requireHeld(machine: Machine): void {
  const { memory, world } = machine;
  if (memory.holdUntil === 0 || !memory.mode.hold) die(machine, 'this machine is not held');
  if (world.timeline.now() >= memory.holdUntil) die(machine, 'the hold is over');
}

export async function resume(machine: Machine): Promise<void> {
  requireRole(machine, 'writer');
  await resumeWriter(machine);
}

export async function resumeWriter(machine: Machine): Promise<void> {
  machine.memory.quiesced = undefined;
  await startApp(machine);
  machine.memory.holdUntil = 0;
  applyRole(machine);
}

export async function restart(machine: Machine): Promise<typeof HEALTHY> {
  const { memory, world } = machine;
  requireRole(machine, 'writer');
  if (memory.holdUntil > 0) die(machine, 'a handover is under way');
  memory.holdUntil = world.timeline.now() + 100_000;
  memory.mode.hold = true;
  await stopApp(machine);
  await resumeWriter(machine);
  return HEALTHY;
}

/** systemd starts it again when it fails. */
function deadmanFires(machine: Machine): void {
  locked(machine, () => deadman(machine)).catch(() => pause(machine, 1_000).then(() => deadmanFires(machine)));
}

async function deadman(machine: Machine): Promise<void> {
  const { memory, disk, world } = machine;
  if (memory.holdUntil === 0 || disk.role !== 'writer') return applyRole(machine);
  if (world.timeline.now() < memory.holdUntil - 200) return;
  world.tell(`${machine.address} resumes by itself: nobody committed in time`);
  await resumeWriter(machine);
}

/** The commit. The flags follow the role file: a reboot between the two finds the file. */
export async function relay(machine: Machine, to: string): Promise<void> {
  const { disk, memory } = machine;
  requireRole(machine, 'writer', 'relay');
  if (disk.role === 'relay' && disk.relayTo === to) return applyRole(machine);
  await pause(machine, 20, 200);
  if (decide(machine.world, to, machine.address).kind !== 'app') die(machine, `the app does not answer at ${to}`);
  await pause(machine, 5, 100);
  if (disk.role === 'writer') {
    requireHeld(machine);
    if (memory.quiesced === undefined) die(machine, 'the app of this machine was not stopped for the handover');
    if (memory.appRunning) die(machine, 'the app runs on this machine');
    disk.relayed = { ...NOTHING_RELAYED };
    disk.peerWrites = null;
    disk.handedOver = disk.state.sum;
  }
  become(machine, 'relay', { relayTo: to, ...NO_TAKEOVER });
  await pause(machine, 5, 50);
  applyRole(machine);
  remember(machine, 'relayed');
  const seen = machine.world.machineAt(to)?.disk.state.count ?? 0;
  disk.peerWrites = { handedOver: disk.peerWrites?.handedOver ?? seen, seen, at: seconds(machine) };
}
