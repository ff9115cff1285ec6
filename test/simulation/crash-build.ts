import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from '../../builder/build.ts';
import { type Account, simulatedAccount } from '../../builder/trial/account.ts';
import { baker } from '../../builder/trial/baker.ts';
import type { Clock } from '../../operation/clock.ts';
import type { Journal, JournalEntry } from '../../operation/journal.ts';
import { type Crashed, momentsOf, type Point } from './crash-points.ts';

const SCENE = 'build';
const WISH = { name: 'shop', force: false, onError: 'destroy' } as const;
/** Two images on each other, the upper one with the app. */
const FILES: Readonly<Record<string, string>> = {
  'images/base.yaml':
    'name: base\nos: true\npackages: [nginx]\ntests:\n  services:\n    - { name: nginx, state: running }\n',
  'images/shop.yaml':
    'name: shop\nparent: base\napp: true\nrun: [nginx -t]\ntests:\n  files:\n    - { path: /etc/shop }\n',
};

/** Here the killed process is seen to be gone; elsewhere its claim has to expire. */
const WAYS = [
  { name: 'again', killed: ['op1'] },
  { name: 'again elsewhere', killed: [] },
] as const;
type Way = (typeof WAYS)[number];

/** A bake that is killed at any of its steps, and then baked again: on the same computer, and on another one. */
export function crashBuild(): Promise<readonly Crashed[]> {
  return crashPoints(() => WAYS);
}

/** Each point in one of the ways in turn: half of the time. */
export function crashBuildInTurn(): Promise<readonly Crashed[]> {
  return crashPoints((index) => WAYS.slice(index % WAYS.length).slice(0, 1));
}

function crashPoints(waysOf: (index: number) => readonly Way[]): Promise<readonly Crashed[]> {
  return inProject(async (directory) => {
    const crashed: Crashed[] = [];
    for (const [index, point] of (await pointsOfBuild(directory)).entries()) {
      for (const way of waysOf(index)) crashed.push(await crashAt(directory, point, way));
    }
    return crashed;
  });
}

async function inProject<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-crash-'));
  try {
    for (const [name, text] of Object.entries(FILES)) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function pointsOfBuild(directory: string): Promise<readonly Point[]> {
  const clean = await baker(simulatedAccount(), directory);
  await clean.build(WISH);
  return momentsOf(SCENE, clean.entries);
}

async function crashAt(directory: string, point: Point, { name, killed }: Way): Promise<Crashed> {
  const account = simulatedAccount();
  const crashed = { point, way: name };
  try {
    await buildUntilKilled(account, directory, point);
    await (await baker(account, directory, 'op2', [...killed])).build(WISH);
    const problem = problemIn(account);
    // Where the image was there already, nobody has looked for the claim: it goes with the next bake, of whatever digest.
    if (account.notes().length > 0) await (await baker(account, directory, 'op3')).build({ ...WISH, force: true });
    return { ...crashed, orphans: orphansIn(account), problem };
  } catch (error) {
    return { ...crashed, orphans: orphansIn(account), problem: String(error) };
  }
}

/** The program is gone at that line of its journal: it never goes on from there. */
async function buildUntilKilled(account: Account, directory: string, { line, moment, step }: Point): Promise<void> {
  const { context, entries } = await baker(account, directory);
  const isWritten = moment !== 'after the call, before the journal';
  const life = { over: false };
  await new Promise<void>((killed, missed) => {
    const journal: Journal = {
      entries: async () => entries,
      append: (entry: JournalEntry) => {
        const isHere = entries.length + 1 === line;
        if (!isHere || isWritten) entries.push(entry);
        if (!isHere) return Promise.resolve();
        if (entry.step !== step) missed(new Error(`the point was not hit: ${entry.step}`));
        life.over = true;
        killed();
        return new Promise(() => undefined);
      },
    };
    const operation = { ...context.operation, journal, clock: clockOf(account.clock, life) };
    build({ ...context, operation }, WISH, async () => false).then(
      () => missed(new Error('the bake came to its end')),
      missed,
    );
  });
}

/** A program that is gone beats no more: what sleeps never wakes. */
function clockOf(clock: Clock, life: { readonly over: boolean }): Clock {
  return {
    ...clock,
    sleep: async (ms, stop) => {
      await clock.sleep(ms, stop);
      if (life.over) await new Promise(() => undefined);
    },
  };
}

function orphansIn(account: Account): number {
  return (
    account.machines().length +
    account.notes().length +
    account.images().filter((image) => image?.stage !== 'tested').length
  );
}

/** One tested image of each name, nothing else, and nothing called tested that was not. */
function problemIn(account: Account): string | undefined {
  const images = account.images().map((image) => `${image?.name} ${image?.stage}`);
  const machines = account.machines().map(({ label }) => label);
  if (images.toSorted().join() !== 'base tested,shop tested') return `the account has ${images.join(', ')}`;
  if (machines.length > 0) return `machines are left: ${machines.join(', ')}`;
  if (account.calledTestedUnproved().length > 0) return 'an image is called tested that no machine was booted from';
  return undefined;
}
