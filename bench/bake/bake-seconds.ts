import { imagesIn, latestTested } from '../../builder/catalog.ts';
import { archiveIn } from '../../builder/papers/archive.ts';
import { statementOf } from '../../builder/papers/papers.ts';
import { lynisOf, secondsOf } from '../../builder/papers/statement.ts';
import type { Stage } from '../../demo/stage.ts';

const SET_UP = ['packages', 'users and directories', 'files', 'app image', 'services'];
const TRUST = [
  ...['test', 'record contents', 'clean and search', 'test the booted machine', 'search the booted machine'],
  ...['hardening', 'sign papers'],
];

export interface BakeSeconds {
  /** What the peers do too. */
  readonly setUp: number;
  /** What they do not: tests, search, hardening, papers. */
  readonly trust: number;
  readonly lynis: number | undefined;
}

/** What the app stands on comes while packages do: both steps begin together. */
function waitedBeyondPackages({ packages = 0, 'app base': brought = 0 }: Readonly<Record<string, number>>): number {
  return Math.max(0, brought - packages);
}

/** Of the newest images of the stage, by their papers. */
export async function bakeSeconds({ account, project }: Stage): Promise<BakeSeconds> {
  const images = await imagesIn(account);
  const archive = archiveIn(account, project.directory);
  const steps: [string, number][] = [];
  let lynis: number | undefined;
  for (const name of ['base', 'anny']) {
    const image = latestTested(images, name);
    const papers = image === undefined ? undefined : await archive.recall(image);
    const statement = papers === undefined ? undefined : statementOf(papers);
    if (statement === undefined) throw new Error(`${name} has no papers`);
    lynis ??= lynisOf(statement);
    const seconds = secondsOf(statement);
    steps.push(...Object.entries(seconds), ['packages', waitedBeyondPackages(seconds)]);
  }
  const sum = (names: readonly string[]): number =>
    Math.round(steps.reduce((all, [step, seconds]) => (names.includes(step) ? all + seconds : all), 0) * 10) / 10;
  return { setUp: sum(SET_UP), trust: sum(TRUST), lynis };
}
