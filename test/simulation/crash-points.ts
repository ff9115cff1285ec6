import type { JournalEntry } from '../../operation/journal.ts';
import type { Scene } from './crash-scenes.ts';
import { at, type Stage } from './directed.ts';
import { Violation } from './invariants.ts';
import { HERE } from './operator.ts';
import { orphans, stuckLeases } from './orphans.ts';

/** Where a step can be cut off, as the journal sees it. */
export type Moment = 'before the call' | 'after the call, before the journal' | 'after the journal';

/** One place in a command at which it is killed. */
export interface Point {
  readonly scene: string;
  readonly step: string;
  readonly moment: Moment;
  /** The command's n-th line in the journal. */
  readonly line: number;
}

/** What is done after the kill, from another computer. */
export interface Way {
  readonly name: string;
  /** Nothing of the killed command is left behind by it. */
  readonly cleansUp: boolean;
  goOn(stage: Stage, scene: Scene): Promise<void>;
}

export interface Crashed {
  readonly point: Point;
  readonly way: string;
  /** What was wrong; undefined when it ended well. */
  readonly problem: string | undefined;
  /** Machines that nothing accounts for, and leases that nobody holds, once the way was gone. */
  readonly orphans: number;
}

/** Every point of a scene's command, from what a clean run writes into the journal: a new step is there by itself. */
export async function pointsOf(scene: Scene): Promise<Point[]> {
  const stage = await scene.set();
  const before = linesOf(stage).length;
  await stage.run(scene.command);
  return momentsOf(scene.name, linesOf(stage).slice(before));
}

/** @param lines What a command wrote into the journal, from its first line to its last. */
export function momentsOf(scene: string, lines: readonly JournalEntry[]): Point[] {
  return lines.flatMap(({ step, event }, index) =>
    momentsAt(event).map((moment) => ({ scene, step, moment, line: index + 1 })),
  );
}

function momentsAt(event: JournalEntry['event']): readonly Moment[] {
  if (event === 'intent' || event === 'begin') return ['before the call'];
  // The line of a command's end is no call's.
  return event === 'end' ? ['after the journal'] : ['after the call, before the journal', 'after the journal'];
}

/** Kills the command at the point, goes on the given way from elsewhere, and then follows what status says. */
export async function crash(scene: Scene, point: Point, way: Way): Promise<Crashed> {
  const crashed = { point, way: way.name };
  const stage = await scene.set();
  const before = orphans(stage.world);
  const told = stage.world.story.length;
  try {
    await kill(stage, scene, point);
    await stage.wait(PAUSE_SECONDS);
    await way.goOn(stage, scene);
    if (way.cleansUp && machinesMade(stage, told) > 1) throw new Violation('a second machine was made');
    const left = way.cleansUp ? orphans(stage.world) + stuckLeases(stage.world) - before : 0;
    await stage.setInOrder();
    if (orphans(stage.world) > 0) throw new Violation('machines are left that nothing accounts for');
    if (stuckLeases(stage.world) > 0 && (await stage.look()).interrupted === null) {
      throw new Violation('a lease is left that nobody holds, and status does not say so');
    }
    return { ...crashed, orphans: Math.max(0, left), problem: undefined };
  } catch (error) {
    const problem = error instanceof Error ? (error instanceof Violation ? error.message : String(error.stack)) : '?';
    return { ...crashed, orphans: orphans(stage.world), problem: [problem, ...stage.world.story].join('\n') };
  }
}

function machinesMade({ world }: Stage, from: number): number {
  return world.story.slice(from).filter((line) => line.includes(' is made, ')).length;
}

const PAUSE_SECONDS = 5;

async function kill(stage: Stage, scene: Scene, point: Point): Promise<void> {
  const before = linesOf(stage).length;
  const what = point.moment === 'after the call, before the journal' ? 'killed before' : 'killed after';
  const ending = await stage.run(scene.command, { ...at('journal.append', what), count: point.line });
  // A line that was on its way to the disk when the kill came is on the disk a moment later.
  await stage.wait(1);
  const written = linesOf(stage).slice(before);
  const lines = point.moment === 'after the call, before the journal' ? point.line - 1 : point.line;
  if (ending.kind !== 'killed' || written.length !== lines || written.at(-1)?.step !== point.step) {
    throw new Error(`the point was not hit: ${ending.kind} after ${written.at(-1)?.step}`);
  }
}

function linesOf({ world }: Stage): readonly JournalEntry[] {
  return world.journalOf(HERE);
}

/** The same command again: what an operator without any other idea does. */
export const AGAIN: Way = {
  name: 'again',
  cleansUp: false,
  goOn: async (stage, { command }) => {
    await stage.runElsewhere(command);
  },
};

/** Goes on to that command's end. What cannot be gone on with is taken back, as its failure says. */
export const RESUME: Way = {
  name: 'resume',
  cleansUp: true,
  goOn: async (stage) => {
    const ending = await stage.runElsewhere({ kind: 'resume' });
    if (ending.kind !== 'success') await stage.runElsewhere({ kind: 'abort' });
    await checkForgotten(stage);
  },
};

export const ABORT: Way = {
  name: 'abort',
  cleansUp: true,
  goOn: async (stage) => {
    await stage.runElsewhere({ kind: 'abort' });
    await checkForgotten(stage);
  },
};

async function checkForgotten(stage: Stage): Promise<void> {
  const { interrupted } = await stage.look();
  if (interrupted !== null) throw new Violation(`${interrupted.command} still counts as cut off`);
}
