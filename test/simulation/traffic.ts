import { healthy } from './box/flags.ts';
import { type Machine, seconds } from './box/machine.ts';
import type { World } from './world.ts';

/** A request that waits at a machine's hold socket. */
export interface HeldRequest {
  readonly since: number;
  readonly from: string;
  /** True when it is answered with success: in the end, unless the machine goes away. */
  arrive(at: Machine): boolean;
  lost(): void;
}

export interface Decision {
  /** app: the app there gets it. held: it waits there. none: 503. refused: nothing listens there. */
  readonly kind: 'app' | 'held' | 'none' | 'refused';
  /** The machine at the end of the relays. */
  readonly at: Machine | undefined;
  /** Machines on the way that passed it on. */
  readonly through: readonly Machine[];
}

const HOPS_LIMIT = 6;

/** Where a request goes, by the flags that nginx tests: the later wins. */
export function decide(world: World, address: string, from: string, pass = '', through: Machine[] = []): Decision {
  const machine = world.machineAt(address);
  if (machine === undefined || !machine.memory.up) return { kind: 'refused', at: undefined, through };
  const { mode, takeover, passes, appRunning } = machine.memory;
  const app = takeover.has(from) || passes.has(pass);
  if (!app && mode.relay) {
    if (through.length >= HOPS_LIMIT) return { kind: 'none', at: machine, through };
    return decide(world, machine.disk.relayTo, machine.address, '', [...through, machine]);
  }
  if (!app && mode.hold) return { kind: 'held', at: machine, through };
  if (!app && !mode.writer) return { kind: 'none', at: machine, through };
  if (!appRunning) return { kind: passes.has(pass) ? 'none' : 'held', at: machine, through };
  return { kind: 'app', at: machine, through };
}

/** Requests that wait go on as soon as the flags say so. */
export function flushHeld(world: World, machine: Machine): void {
  if (machine.memory.held.length === 0) return;
  const { kind } = decide(world, machine.address, 'held');
  if (kind === 'held') return;
  const waiting = machine.memory.held;
  machine.memory.held = [];
  for (const request of waiting) deliver(world, machine.address, request);
}

export function deliver(world: World, address: string, request: HeldRequest): Decision {
  const decision = decide(world, address, request.from);
  for (const relay of decision.through) {
    relay.disk.relayed.requests += 1;
    relay.disk.relayed.lastAt = seconds(relay);
  }
  if (decision.kind === 'app' && decision.at !== undefined) {
    if (request.arrive(decision.at)) for (const relay of decision.through) relay.disk.relayed.writes += 1;
  } else if (decision.kind === 'held') decision.at?.memory.held.push(request);
  else request.lost();
  return decision;
}

/** Machines whose app gets what clients send, directly or through a relay that sends everything there. */
export function acceptors(world: World): Machine[] {
  return world.machines.filter(accepts);
}

function accepts(machine: Machine): boolean {
  const { memory, world } = machine;
  if (!memory.up || !memory.appRunning) return false;
  if (memory.mode.writer && !memory.mode.hold && !memory.mode.relay) return true;
  for (const peer of memory.takeover) {
    const from = world.machineAt(peer);
    if (from?.memory.up && from.memory.mode.relay && from.disk.relayTo === machine.address) return true;
  }
  return false;
}

/** What the health path answers there. */
export function healthAt(world: World, address: string, pass: string): { status: number; problem?: string } {
  const { kind, at } = decide(world, address, 'operator', pass);
  if (kind === 'refused') return { status: 0, problem: 'connection refused' };
  if (kind === 'held') return { status: 0, problem: 'no answer in time' };
  return { status: kind === 'app' && at !== undefined && healthy(at) ? 200 : 503 };
}
