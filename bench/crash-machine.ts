import { runProgram } from '../demo/program.ts';
import type { Stage } from '../demo/stage.ts';
import type { Visitor } from '../demo/visitor.ts';
import { lost, startWriting } from '../demo/writing.ts';
import { PREFIX } from '../lease/claim.ts';
import { inCheckout } from './checkout.ts';
import { killAt, type Line, linesIn, linesOf } from './kill-at.ts';

const WRITERS = 4;

/** One kill of one command, and how it is gone on from. */
export interface Kill {
  readonly words: readonly string[];
  readonly at: Line;
  readonly way: 'resume' | 'abort';
  /** In the project whose command was killed, or in another checkout of it, which has no journal: the account and the machines must do. */
  readonly from: 'here' | 'elsewhere';
}

export interface Outcome {
  /** What is not as it should be; empty when all is well. */
  readonly problems: readonly string[];
  readonly lost: number;
  readonly orphans: number;
}

/** One kill for each step that a clean run has: at the intent of one, at the result of the next, then by turns resume and abort, here and elsewhere. */
export async function killsOf({ project, bluegreen }: Stage, words: readonly string[]): Promise<readonly Kill[]> {
  const before = await linesIn(project.directory);
  await bluegreen(...words);
  const lines = await linesOf(project.directory, before);
  return lines
    .filter(({ event }) => event === 'intent')
    .map((intent, index) => {
      const result = lines.find((line) => isResultOf(line, intent));
      const at = index % 2 === 0 || result === undefined ? intent : result;
      const turn = (length: number): boolean => Math.floor(index / length) % 2 === 0;
      return { words, at, way: turn(2) ? 'resume' : 'abort', from: turn(4) ? 'elsewhere' : 'here' } as const;
    });
}

function isResultOf({ number, step, event }: Line, intent: Line): boolean {
  return number > intent.number && step === intent.step && event === 'result';
}

export function describeKill({ words, at, way, from }: Kill): string {
  return `${words[0]} killed at ${at.step} (${at.event}), then ${way} ${from}`;
}

/** Kills while clients write, goes on, and looks at what there is then. */
export async function crashOnce(stage: Stage, visitor: Visitor, kill: Kill): Promise<Outcome> {
  const { project, bluegreen } = stage;
  const writing = startWriting(visitor, `${kill.words[0]}-${kill.at.number}`, WRITERS);
  const problems: string[] = [];
  try {
    if (!(await killAt(project.directory, kill.words, kill.at))) problems.push('it ended before');
    await goOn(stage, kill);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  const written = await writing.stop();
  const gone = lost(written, await visitor.ids());
  if (gone.length > 0) problems.push(`${gone.length} of ${written.acknowledged.length} writes are lost`);
  const status = JSON.parse(await bluegreen('status', '--json')) as Status;
  if (status.situation !== 'live') problems.push(`the situation is ${status.situation}`);
  if (!status.nameServers.every(({ right }) => right)) problems.push('the name does not lead to the writer');
  const orphans = await orphansIn(stage, status);
  if (orphans.length > 0) problems.push(`left: ${orphans.join(', ')}`);
  return { problems, lost: gone.length, orphans: orphans.length };
}

function goOn({ project, bluegreen }: Stage, { way, from }: Kill): Promise<string> {
  if (from === 'here') return bluegreen(way, '--yes');
  return inCheckout(project.directory, (directory) =>
    runProgram(directory, 'anny-bluegreen', [way, '--yes'], new AbortController().signal),
  );
}

interface Status {
  readonly situation: string;
  readonly machines: readonly { readonly release: string; readonly role: string }[];
  readonly nameServers: readonly { readonly right: boolean }[];
}

/** Machines that are neither the writer nor a standby, and leases of commands that do not run any more. */
async function orphansIn({ account }: Stage, { machines }: Status): Promise<readonly string[]> {
  const accounted = machines.filter(({ role }) => role === 'writer' || role === 'relay').map(({ release }) => release);
  const others = (await account.instances()).filter(({ hostname }) => !accounted.includes(hostname));
  const claims = await account.notes(PREFIX);
  return [...others.map(({ label }) => label), ...claims.map(({ name }) => name)];
}
