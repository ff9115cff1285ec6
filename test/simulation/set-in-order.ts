import { powerOn } from './box/boot.ts';
import type { Command } from './commands.ts';
import { checkNothingLost, serves, Violation, type Watch } from './invariants.ts';
import { pass } from './pass.ts';
import { type Ending, lookAround } from './perform.ts';
import { decide } from './traffic.ts';
import { bake, type World } from './world.ts';

const ROUNDS = 16;
const WAIT_MS = 700_000;

/** Every state has a next step: what `status` says is done, until it says that all is well. */
export async function setInOrder(world: World, watch: Watch, go: (command: Command) => Promise<Ending>): Promise<void> {
  world.calm = true;
  world.tell('the weather calms');
  await pass(world, watch, 2_000);
  for (const machine of world.machines) Object.assign(machine, { cutUntil: 0, fullUntil: 0, tornPull: false });
  await pass(world, watch, 1_000);
  bake(world, 'good');
  let before = '';
  for (let round = 0; round < ROUNDS; round += 1) {
    await pass(world, watch, 30_000);
    const view = await lookAround(world, watch);
    checkKnown(world, view.machines.length);
    world.tell(`status: ${view.situation}; next: ${view.next.command}`);
    if (view.next.command.startsWith('anny-image build')) return checkInOrder(world, view.writer);
    if (view.situation === 'two-writers') throw new Violation('status finds two writers');
    if (view.next.command === before) {
      // Nothing is destroyed while the app that is left is ill, and no command cures an app.
      if (before.startsWith('anny-bluegreen retire') && isIll(world, view.writer))
        return checkInOrder(world, view.writer);
      await pass(world, watch, WAIT_MS);
    }
    before = view.next.command;
    const ending = await go(commandOf(before));
    if (ending.kind === 'failure' && ending.exitCode === 4 && !(await insistOrGiveUp(world, go, before))) return;
  }
  throw new Violation('following what status says does not put things in order');
}

function isIll(world: World, writer: string | null): boolean {
  return world.machines.some(({ disk, temper }) => disk.release === writer && temper !== 'good');
}

function commandOf(text: string): Command {
  const [, kind, release] = text.split(' ');
  switch (kind) {
    case 'promote':
      return { kind, again: false };
    case 'rollback':
    case 'restore':
      return { kind, loseWrites: text.includes('--lose-writes') };
    case 'retire':
      return { kind, force: text.includes('--force'), ...(release === undefined ? {} : { release }) };
    default:
      throw new Violation(`status says something that is no command: ${text}`);
  }
}

/** A refusal names what would be lost; when there is nothing else the operator agrees. False when all is lost. */
async function insistOrGiveUp(world: World, go: (command: Command) => Promise<Ending>, text: string): Promise<boolean> {
  const command = commandOf(text);
  if (command.kind === 'retire' || command.kind === 'promote' || command.kind === 'prepare') return true;
  if (world.machines.every(({ memory, disk }) => memory.up && disk.role !== 'fenced')) {
    throw new Violation('writes are to be given up although every machine is alive');
  }
  const ending = await go({ ...command, loseWrites: true });
  if (ending.kind !== 'failure' || ending.code !== 'BACKUP_MISSING') return true;
  const off = world.machines.filter(({ address }) => startByHand(world, address));
  if (off.length > 0) return true;
  world.tell('the only copy is gone, and there never was a backup');
  return false;
}

function checkKnown(world: World, seen: number): void {
  if (seen !== world.rented.size)
    throw new Violation(`the account has ${world.rented.size} machines, status knows ${seen}`);
}

function checkInOrder(world: World, writer: string | null): void {
  const machine = world.machines.find(({ disk }) => disk.release === writer);
  const record = world.zone.records().find(({ type }) => type === 'A');
  if (machine === undefined || record === undefined) throw new Violation('all is well, says status, but nobody writes');
  const led = decide(world, record.data, 'client');
  if (!serves(led) || led.at !== machine) throw new Violation('all is well, says status, but the name leads elsewhere');
  checkNothingLost(world, machine);
  const tags = [...world.rented.values()].find((one) => one.machine === machine)?.tags ?? [];
  if (!tags.includes('stage=live'))
    throw new Violation(`all is well, says status, but the account does not know who is live`);
}

/** What an operator does in the account by hand: a machine that is only off is started again. */
function startByHand(world: World, address: string): boolean {
  const machine = world.machineAt(address);
  if (machine === undefined || machine.dead || machine.power !== 'stopped') return false;
  world.tell(`${address} is started by hand`);
  powerOn(machine, 5_000);
  return true;
}
