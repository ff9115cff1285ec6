import { AnnyError } from '../../../operation/errors.ts';
import { die, type Machine, pause } from './machine.ts';

/** After it the machine behaves as its role file says: what nginx tests per request. */
export function applyRole(machine: Machine): void {
  const { disk, memory } = machine;
  switch (disk.role) {
    case 'writer':
      memory.takeover.clear();
      memory.passes.clear();
      memory.mode = { writer: true, hold: memory.mode.hold && memory.holdUntil > 0, relay: false };
      memory.jobs = memory.holdUntil === 0;
      break;
    case 'relay':
      memory.mode = { writer: false, hold: false, relay: true };
      memory.jobs = false;
      memory.holdUntil = 0;
      memory.quiesced = undefined;
      memory.admitted = '';
      break;
    default:
      memory.mode = { writer: false, hold: false, relay: false };
      memory.jobs = false;
      memory.holdUntil = 0;
      memory.quiesced = undefined;
      memory.admitted = '';
  }
}

export async function startApp(machine: Machine): Promise<void> {
  if (machine.memory.appRunning) return;
  await pause(machine, 300, 2_500);
  machine.memory.appRunning = true;
}

export async function stopApp(machine: Machine): Promise<void> {
  if (!machine.memory.appRunning) return;
  await pause(machine, 50, 1_500);
  machine.memory.appRunning = false;
}

export function healthy(machine: Machine): boolean {
  if (!machine.memory.appRunning || machine.temper === 'never healthy') return false;
  return machine.temper !== 'ill when it serves' || machine.disk.role !== 'writer';
}

export async function requireHealthy(machine: Machine, timeoutMs: number): Promise<void> {
  if (healthy(machine)) return;
  await pause(machine, timeoutMs);
  if (!healthy(machine)) die(machine, `the app was not healthy within ${timeoutMs / 1000} s`);
}

export const HEALTHY = { healthy: true, status: 200, body: 'ok' };

/** Before any other verb: a takeover that was cut off before it was written down is none. */
export async function settleTakeover(machine: Machine): Promise<void> {
  const { disk } = machine;
  if (disk.before === undefined) return;
  await stopApp(machine);
  Object.assign(disk, { state: disk.before, before: undefined });
}

const LOCK_WAIT_MS = 30_000;

/** One verb at a time, also against the dead man's timer. */
export async function locked<T>(machine: Machine, verb: () => Promise<T>): Promise<T> {
  const { memory, world } = machine;
  if (memory.locked) {
    const asked = world.timeline.now();
    await new Promise<void>((resolve) => memory.waiting.push(resolve));
    if (world.timeline.now() - asked > LOCK_WAIT_MS) {
      next(machine);
      throw new AnnyError('MACHINE_BUSY', {
        ...{ doing: `anny-box on ${machine.address}`, found: 'another verb is still running', next: 'wait' },
      });
    }
  }
  memory.locked = true;
  try {
    await settleTakeover(machine);
    return await verb();
  } finally {
    next(machine);
  }
}

/** The lock goes to who waits next, without a moment in which it is free. */
function next({ memory }: Machine): void {
  const waiting = memory.waiting.shift();
  memory.locked = waiting !== undefined;
  waiting?.();
}
