import type { Command } from './commands.ts';
import { dies } from './connection.ts';
import { at, live, PROMOTE, RESTORE, ROLLBACK, type Stage, stage } from './directed.ts';
import { bake } from './world.ts';

/** A state of the world, and the command that is to be killed in it. The same every time. */
export interface Scene {
  readonly name: string;
  readonly command: Command;
  set(): Promise<Stage>;
}

const FIRST: Command = { kind: 'promote', again: false };
const FALL_BACK: Command = { kind: 'rollback', loseWrites: true };
const RESTORE_ANYWAY: Command = { kind: 'restore', loseWrites: true };
const RETIRE: Command = { kind: 'retire', force: false };
const WINDOW_SECONDS = 700;

/** All that a release command can find: standbys to point elsewhere, leftovers to clear, writers that are dead, or alive. */
export const SCENES: readonly Scene[] = [
  {
    name: 'promote the first',
    command: FIRST,
    set: async () => {
      const empty = stage();
      bake(empty.world, 'good');
      return empty;
    },
  },
  // Again: what begins anew instead of going on makes a second machine.
  { name: 'promote', command: PROMOTE, set: crowded },
  { name: 'promote without backups', command: FIRST, set: () => live({ backups: false }) },
  { name: 'promote what is bad', command: FIRST, set: badImage },
  { name: 'rollback', command: ROLLBACK, set: crowded },
  { name: 'rollback from the dead', command: FALL_BACK, set: () => crowded().then(killWriter) },
  { name: 'restore', command: RESTORE, set: () => live().then(killWriter) },
  { name: 'restore over the living', command: RESTORE_ANYWAY, set: () => live() },
  { name: 'restore by taking over', command: RESTORE_ANYWAY, set: takenOver },
  { name: 'retire', command: RETIRE, set: overdue },
  { name: 'promote by a reserved IP', command: PROMOTE, set: () => live({ byReservedIp: true }) },
  { name: 'rollback by a reserved IP', command: ROLLBACK, set: () => live({ byReservedIp: true }).then(promoted) },
  { name: 'restore by a reserved IP', command: RESTORE, set: () => live({ byReservedIp: true }).then(killWriter) },
  { name: 'promote that changes to a reserved IP', command: PROMOTE, set: () => live().then(byReservedIp) },
  { name: 'promote, and retire what is due', command: PROMOTE, set: overdue },
];

/** A writer with two standbys, and a machine that a killed command left. */
async function crowded(): Promise<Stage> {
  const here = await live({ smoke: true, hooks: true });
  await here.run(PROMOTE);
  await here.wait(60);
  await here.run(PROMOTE);
  await here.wait(60);
  await here.run({ kind: 'prepare', again: true }, at('box.prepare', 'killed after'));
  // So long ago that nobody means to go on with it.
  for (const { id } of here.world.notes.list('')) here.world.notes.delete(id);
  bake(here.world, 'good');
  return here;
}

async function badImage(): Promise<Stage> {
  const here = await live();
  await here.wait(1);
  bake(here.world, 'ill when it serves');
  return here;
}

async function takenOver(): Promise<Stage> {
  const here = await live();
  await here.run(PROMOTE, at('box.relay', 'killed before'));
  // The hold is over by then, and the old machine writes on alone.
  await here.wait(300);
  return killWriter(here);
}

/** Two standbys past their windows: the newer one stays, as the way back. */
async function overdue(): Promise<Stage> {
  const here = await live();
  await here.run(PROMOTE);
  await here.wait(60);
  await here.run(PROMOTE);
  await here.wait(WINDOW_SECONDS * 5);
  return here;
}

async function promoted(here: Stage): Promise<Stage> {
  await here.run(PROMOTE);
  return here;
}

function byReservedIp(here: Stage): Stage {
  here.world.byReservedIp = true;
  return here;
}

function killWriter(here: Stage): Stage {
  dies(here.writer());
  return here;
}
