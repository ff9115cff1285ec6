import type { Plan } from '../../bluegreen/plan.ts';
import { readTags } from '../../bluegreen/tags.ts';
import type { InstanceId } from '../../cloud/cloud.ts';
import { type Machine, seconds } from './box/machine.ts';
import type { Command } from './commands.ts';
import { comeBack, giveUp, missingFrom } from './ledger.ts';
import { acceptors, type Decision, decide } from './traffic.ts';
import type { World } from './world.ts';
import { has, noWrites } from './writes.ts';

/** Something that must never be true. */
export class Violation extends Error {}

export const ENVIRONMENT = 'simulated';
export const STANDBY_SECONDS = 600;
export const TTL_SECONDS = 60;
const HELD_LIMIT_MS = 100_000;
const OUTAGE_LIMIT_MS = 5_000;

export interface Watch {
  check(): void;
}

/** What must hold after every event. */
export function watch(world: World): Watch {
  const seenTags = new WeakSet<readonly string[]>();
  let outageSince = 0;
  return {
    check: () => {
      checkOneWriter(world);
      checkJobs(world);
      checkHeld(world);
      checkStandbys(world);
      checkTags(world, seenTags);
      outageSince = nameServesOrIsExplained(world) ? 0 : outageSince || world.timeline.now();
      if (outageSince > 0 && world.timeline.now() - outageSince > OUTAGE_LIMIT_MS) {
        throw new Violation(`the name leads to ${world.zone.records().at(-1)?.data}, which cannot serve`);
      }
    },
  };
}

function checkOneWriter(world: World): void {
  const accepting = acceptors(world);
  if (accepting.length < 2) return;
  throw new Violation(`${accepting.map(({ address }) => address).join(' and ')} both accept writes`);
}

/** Timers and workers change the state too: they run on one machine, the writer, and not while its state is taken. */
function checkJobs(world: World): void {
  const running = world.machines.filter(({ memory }) => memory.jobs);
  if (running.length > 1) throw new Violation(`jobs run on ${running.map(({ address }) => address).join(' and ')}`);
  const [only] = running;
  if (only === undefined || (only.disk.role === 'writer' && only.memory.quiesced === undefined)) return;
  throw new Violation(`jobs run on ${only.address}, which is a ${only.disk.role} and has handed its state over`);
}

function checkHeld(world: World): void {
  for (const { address, memory } of world.machines) {
    const waited = world.timeline.now() - (memory.held[0]?.since ?? Number.POSITIVE_INFINITY);
    if (waited > HELD_LIMIT_MS) throw new Violation(`a request has waited for ${waited / 1000} s at ${address}`);
  }
}

/** A standby has what it handed over, whole, whatever comes of a handover back; or all that the writer had then. */
function checkStandbys(world: World): void {
  for (const { address, disk } of world.machines) {
    const isSure = disk.role === 'relay' && !disk.luckier && disk.before === undefined;
    if (isSure && disk.state.sum !== disk.handedOver)
      throw new Violation(`${address} is a standby, and its state is no longer what it handed over`);
  }
}

/** Nothing in the account that nobody would find again. */
function checkTags(world: World, seen: WeakSet<readonly string[]>): void {
  for (const { id, tags, request, machine, createdAt } of world.rented.values()) {
    if (seen.has(tags)) continue;
    seen.add(tags);
    const { label, hostname } = request;
    const instance = { id, label, hostname, tags, createdAt: String(createdAt) };
    const rest = { plan: '', region: '', address: '', status: 'active', power: 'running', serverStatus: '' } as const;
    const read = readTags({ ...instance, ...rest, snapshotId: undefined }, ENVIRONMENT);
    const complete =
      read !== undefined &&
      read.hostKey === machine.fingerprint &&
      read.release === hostname &&
      read.release.startsWith(`${read.slot}-`) &&
      read.image === machine.digest.slice(0, 12) &&
      tags.includes(request.uniqueTag) &&
      tags.some((tag) => tag.startsWith('stage='));
    if (!complete) throw new Violation(`instance ${id} does not say what it is: ${tags.join(' ')}`);
  }
}

/** A machine that went away explains an outage; a machine that we destroyed, or never made the writer, does not. */
function nameServesOrIsExplained(world: World): boolean {
  const record = world.zone.records().find(({ type }) => type === 'A');
  if (record === undefined || world.ledger.mayLoseAfter !== undefined) return true;
  // Between two calls, by whoever was cut off there; what a command says at its end is looked at then.
  if (record.data === world.reservedIp.address && world.reservedIp.attachedTo === undefined) return true;
  const decision = decide(world, record.data, 'client');
  return serves(decision) || isDown(world, record.data, decision);
}

export function serves({ kind }: Decision): boolean {
  return kind === 'app' || kind === 'held';
}

export function isDown(world: World, address: string, { through, at }: Decision): boolean {
  const last = at ?? world.machineAt(through.at(-1)?.disk.relayTo ?? address);
  if (last === undefined) return false;
  const waitsForTheName = last.disk.role === 'writer' && !last.memory.mode.writer;
  return !last.memory.up || waitsForTheName || world.timeline.now() < last.fullUntil;
}

/** The platform takes the reserved IP away with the machine that it leads to. */
export function checkHoldsNothing({ reservedIp }: World, id: InstanceId): void {
  if (reservedIp.attachedTo === id) throw new Violation(`instance ${id} is destroyed, and the reserved IP leads to it`);
}

/** As long as clients come by an old address, the machine there is kept. */
export function checkMayGo(world: World, machine: Machine): void {
  const { address, memory, disk } = machine;
  const served = world.ledger.promised.count > missingFrom(world.ledger, disk.state).length;
  if (!memory.up || !served || (disk.role !== 'relay' && disk.role !== 'writer')) return;
  const now = seconds(machine);
  const quiet = now - disk.since >= STANDBY_SECONDS && now - disk.relayed.lastAt > TTL_SECONDS && memory.open === 0;
  const known = world.resolvers.some((one) => one.address === address && one.until > world.timeline.now());
  if (known && world.forced !== disk.release)
    throw new Violation(`${address} is destroyed while a resolver may give it`);
  if (disk.role === 'writer' || !quiet) throw new Violation(`${address} is destroyed while clients still come by it`);
}

/** What only this machine has goes with it: nobody destroys it but by its name. */
export function checkNotOnlyCopy(world: World, machine: Machine): void {
  const { address, disk, dead } = machine;
  const hasServed = !['none', 'candidate'].includes(disk.role) || disk.takeoverFrom !== '';
  if (!hasServed || dead || world.forced === disk.release || world.ledger.mayLoseAfter !== undefined) return;
  const others = world.machines.filter((one) => one !== machine && !one.dead);
  const only = (write: number): boolean => has(disk.state, write) && !others.some((one) => has(one.disk.state, write));
  const kept = missingFrom(world.ledger, noWrites()).filter(only);
  if (kept.length > 0) throw new Violation(`${address} is destroyed, and ${kept.length} writes were on it alone`);
}

/** Writes are given up only by who said so: by --lose-writes, or by restoring where nothing newer can be asked. */
export function checkAgreed(couldBeAsked: readonly Machine[], command: Command, plan: Plan): void {
  if (!('lostSeconds' in plan) || !('loseWrites' in command) || command.loseWrites) return;
  if (plan.action !== 'restore') throw new Violation(`${plan.action} gives writes up, and nobody has agreed to it`);
  if ('backup' in command && command.backup !== undefined) return;
  const newer = couldBeAsked.filter(couldGoOn).find((one) => seconds(one) - one.disk.since < plan.lostSeconds);
  if (newer !== undefined) throw new Violation(`an older backup is restored although ${newer.address} could go on`);
}

/** A standby that is chosen to go on has all that any other has. */
/** @param askedAt When the command began to ask: who came up, or within reach, after that may have been missed. */
export function checkNewestChosen(world: World, chosen: string, askedAt: number): void {
  const kept = ({ disk }: Machine): number =>
    world.ledger.promised.count - missingFrom(world.ledger, disk.state).length;
  const best = Math.max(...world.machines.filter((one) => couldGoOn(one, askedAt)).map(kept));
  const machine = world.machineAt(chosen);
  if (machine !== undefined && kept(machine) < best) throw new Violation(`${chosen} goes on although another has more`);
}

export function couldGoOn({ memory, disk, cutUntil }: Machine, askedAt: number): boolean {
  return memory.up && memory.upAt < askedAt && cutUntil < askedAt && disk.role === 'relay' && !disk.luckier;
}

/** Every promised write is on this machine, but for those that a command had said would be lost. */
export function checkNothingLost(world: World, machine: Machine): void {
  const { ledger } = world;
  const back = comeBack(ledger, machine.disk.state);
  if (back > 0) world.tell(`${back} writes that had been given up are back`);
  const missing = missingFrom(ledger, machine.disk.state);
  if (missing.length === 0) return;
  const saidBefore = ledger.mayLoseAfter ?? Number.POSITIVE_INFINITY;
  const silently = missing.filter((write) => (ledger.promisedAt[write] ?? 0) < saidBefore);
  if (silently.length > 0) {
    throw new Violation(
      `${machine.address} serves without ${silently.length} acknowledged writes, and nobody had said so`,
    );
  }
  giveUp(ledger, missing);
  world.tell(`${missing.length} writes are lost, as had been said before`);
}
