import { decide } from '../traffic.ts';
import { applyRole, locked, settleTakeover, startApp } from './flags.ts';
import { resumeWriter } from './handover.ts';
import { become, emptyMemory, type Machine, pause } from './machine.ts';

const ASK_AGAIN_MS = 2_000;

/** The power comes: flags are made again from the role file, and a writer serves once the name is seen to lead to it. */
export function powerOn(machine: Machine, bootMs: number): void {
  if (machine.dead) return;
  machine.power = 'starting';
  machine.task = { alive: true };
  machine.memory = emptyMemory(machine.world.random.hex(4));
  void machine.world.timeline.sleep(machine.task, bootMs).then(() => boot(machine));
}

/** The power goes: everything that runs stops where it is, connections break. */
export function powerOff(machine: Machine): void {
  machine.power = 'stopped';
  machine.task.alive = false;
  for (const request of machine.memory.held) request.lost();
  machine.memory = emptyMemory('');
  for (const broken of [...machine.broken]) broken();
}

async function boot(machine: Machine): Promise<void> {
  machine.power = 'running';
  machine.memory.up = true;
  machine.memory.upAt = machine.world.timeline.now();
  await settleTakeover(machine);
  if (machine.disk.role !== 'writer') applyRole(machine);
  await pause(machine, 200, 1_000);
  if (machine.disk.role === 'writer') await serveWriter(machine);
  else if (machine.disk.takeoverFrom !== '') await locked(machine, () => serveTakeover(machine));
}

/** No proof, no serving: a machine that was off while another one took its place must not write. */
async function serveWriter(machine: Machine): Promise<void> {
  while (!leadsHere(machine)) {
    if (machine.disk.role !== 'writer' || machine.memory.mode.writer) return;
    fenceWhenOvertaken(machine);
    await pause(machine, ASK_AGAIN_MS);
  }
  await locked(machine, async () => {
    if (machine.disk.role !== 'writer') return;
    machine.memory.mode.hold = true;
    await resumeWriter(machine);
  });
}

async function serveTakeover(machine: Machine): Promise<void> {
  const { disk, memory } = machine;
  if (disk.takeoverFrom === '' || disk.role === 'writer') return;
  await startApp(machine);
  memory.takeover.add(disk.takeoverFrom);
}

/** Asks the name who answers there: the machine's own resolver goes to one of the zone's servers. */
export function leadsHere(machine: Machine): boolean {
  return nameLeadsTo(machine) === machine;
}

function nameLeadsTo(machine: Machine): Machine | undefined {
  const { world } = machine;
  const address = world.zone.answer(world.random.int(0, 1));
  // Nobody answers it there, since it has not made the address its own yet; and the platform says that it is its own.
  if (address === world.reservedIp.address && world.holder() === machine) return machine;
  return address === undefined ? undefined : decide(world, address, machine.address).at;
}

function fenceWhenOvertaken(machine: Machine): void {
  const other = nameLeadsTo(machine);
  if (other?.disk.role !== 'writer' || other.disk.generation <= machine.disk.generation) return;
  become(machine, 'fenced');
  applyRole(machine);
}
