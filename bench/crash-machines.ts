import type { Stage } from '../demo/stage.ts';
import type { Visitor } from '../demo/visitor.ts';
import { lost, startWriting } from '../demo/writing.ts';
import type { Family } from './figure.ts';
import { onGround } from './ground.ts';
import { killAt, type Line, linesIn, linesOf } from './kill-at.ts';

const WRITERS = 4;
const LEASES = 'anny-lease/';
const PROMOTE = ['promote', '--again', '--yes'];
const ROLLBACK = ['rollback', '--yes'];

interface Seen {
  points: number;
  covered: number;
  lost: number;
  orphans: number;
}

/** On real machines: each step of promote and rollback killed once with SIGKILL while clients write, then `resume` or `abort`. */
export const crashMachines: Family = {
  name: 'crash-machines',
  run: (tell) =>
    onGround(
      async (stage) => {
        const seen: Seen = { points: 0, covered: 0, lost: 0, orphans: 0 };
        await stage.image('build');
        await stage.bluegreen('promote', '--yes');
        const visitor = await stage.visitor();
        // The clean runs; after them a standby is there to roll back to.
        const promote = await stepsOf(stage, PROMOTE);
        const rollback = await stepsOf(stage, ROLLBACK);
        for (const [index, point] of rollback.entries())
          await crash(stage, visitor, seen, { words: ROLLBACK, index, point });
        for (const [index, point] of promote.entries()) {
          await retireStandbys(stage);
          await crash(stage, visitor, seen, { words: PROMOTE, index, point });
        }
        await visitor.close();
        tell({ name: 'crash-machines.points_covered', value: seen.covered, unit: 'points', atLeast: seen.points });
        tell({ name: 'crash-machines.points_total', value: seen.points, unit: 'points' });
        tell({ name: 'crash-machines.lost_writes', value: seen.lost, unit: 'writes', limit: 0 });
        tell({ name: 'crash-machines.orphans', value: seen.orphans, unit: 'machines', limit: 0 });
      },
      { name: 'bench-crash', subnet: '10.89.0.0/24', apiPort: 9784 },
    ),
};

/** One line for each step: of one its intent, of the next its result, so that both moments are met. */
async function stepsOf({ project, bluegreen }: Stage, words: readonly string[]): Promise<readonly Line[]> {
  const before = await linesIn(project.directory);
  await bluegreen(...words);
  const lines = await linesOf(project.directory, before);
  const intents = lines.filter(({ event }) => event === 'intent');
  return intents.map((intent, index) => {
    const result = lines.find(
      ({ number, step, event }) => number > intent.number && step === intent.step && event === 'result',
    );
    return index % 2 === 0 || result === undefined ? intent : result;
  });
}

interface Point {
  readonly words: readonly string[];
  readonly index: number;
  readonly point: Line;
}

async function crash(stage: Stage, visitor: Visitor, seen: Seen, { words, index, point }: Point): Promise<void> {
  const { directory } = stage.project;
  // Steps at even places are killed at their intent, those at odd ones at their result: all four pairs come about.
  const way = Math.floor(index / 2) % 2 === 0 ? 'resume' : 'abort';
  const name = `${words[0]} killed at ${point.step} (${point.event}), then ${way}`;
  const writing = startWriting(visitor, `${words[0]}-${index}`, WRITERS);
  seen.points += 1;
  try {
    if (!(await killAt(directory, words, point))) throw new Error('it ended before');
    await stage.bluegreen(way, '--yes');
    const problem = await problemIn(stage);
    if (problem !== undefined) throw new Error(problem);
    seen.covered += 1;
    process.stderr.write(`well: ${name}\n`);
  } catch (error) {
    process.stderr.write(`NOT WELL: ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
  } finally {
    const written = await writing.stop();
    const gone = lost(written, await visitor.ids());
    seen.lost += gone.length;
    const left = await orphansIn(stage);
    seen.orphans += left.length;
    if (gone.length > 0 || left.length > 0) {
      process.stderr.write(
        `NOT WELL: ${name}: ${gone.length} of ${written.acknowledged.length} writes lost, left: ${left}\n`,
      );
    }
  }
}

interface Status {
  readonly situation: string;
  readonly machines: readonly { readonly release: string; readonly role: string }[];
  readonly nameServers: readonly { readonly right: boolean }[];
}

async function problemIn({ bluegreen }: Stage): Promise<string | undefined> {
  const status = JSON.parse(await bluegreen('status', '--json')) as Status;
  if (status.situation !== 'live') return `the situation is ${status.situation}`;
  return status.nameServers.every(({ right }) => right) ? undefined : 'the name does not lead to the writer';
}

/** What the account has and no release accounts for, and leases that nobody holds. */
async function orphansIn({ account, bluegreen }: Stage): Promise<readonly string[]> {
  const status = JSON.parse(await bluegreen('status', '--json')) as Status;
  const kept = new Set(
    status.machines.filter(({ role }) => role === 'writer' || role === 'relay').map(({ release }) => release),
  );
  const machines = (await account.instances()).filter(({ hostname }) => !kept.has(hostname)).map(({ label }) => label);
  const notes = (await account.notes(LEASES)).map(({ name }) => name);
  return [...machines, ...notes];
}

async function retireStandbys({ account }: Stage): Promise<void> {
  const standbys = (await account.instances()).filter(({ tags }) => tags.includes('stage=standby'));
  await Promise.all(standbys.map(({ id }) => account.destroyInstance(id)));
}
