import type { Config } from '../config/schema.ts';
import type { BakeContext } from './bake-context.ts';
import { type BuildWish, linksToBuild } from './build.ts';
import { imagesIn } from './catalog.ts';
import { type Definition, own, readChain } from './definition.ts';
import { identify } from './digest.ts';
import { archiveIn } from './papers/archive.ts';
import { statementOf } from './papers/papers.ts';
import { durationOf, secondsOf } from './papers/statement.ts';
import { requireRoom } from './plan-room.ts';
import { reasonsToBake } from './reasons.ts';
import { barOf } from './vulnerabilities/bar.ts';

/** What a build would do. */
export interface BuildPlan {
  readonly images: readonly PlannedImage[];
}

export interface PlannedImage {
  readonly name: string;
  readonly digest: string;
  /** The image that will do; null when one would be baked. */
  readonly snapshotId: string | null;
  /** The image that it is compared with. */
  readonly against: string | null;
  readonly why: readonly string[];
  /** From the first step to the last, of which some run side by side; null when nobody knows. */
  readonly lastTookSeconds: number | null;
  readonly steps: readonly { readonly name: string; readonly lastTookSeconds: number | null }[];
}

/** Reads definitions, files and the account, and touches nothing. */
export async function planBuild(context: BakeContext, wish: BuildWish): Promise<BuildPlan> {
  const { settings, cloud } = context;
  const chain = await readChain(settings.directory, wish.name);
  const identities = await identify(settings, chain);
  const images = await imagesIn(cloud);
  const links = linksToBuild(context, wish, { chain, identities, images });
  const [parent] = links.length > 1 ? links.flatMap(({ found }) => found ?? []) : [];
  if (parent !== undefined) await requireRoom(context, parent);
  const archive = archiveIn(cloud, settings.directory);
  const planned = links.map(async ({ identity, chain, force, found }): Promise<PlannedImage> => {
    const { name, digest } = identity;
    if (found !== undefined)
      return { name, digest, snapshotId: found.snapshotId, against: null, why: [], lastTookSeconds: null, steps: [] };
    const last = images.find((image) => image.name === name);
    const papers = last === undefined ? undefined : await archive.recall(last);
    const statement = papers === undefined ? undefined : statementOf(papers);
    const took = statement === undefined ? {} : secondsOf(statement);
    const lastTookSeconds = statement === undefined ? null : durationOf(statement);
    return {
      ...{ name, digest, snapshotId: null, against: last?.digest ?? null, lastTookSeconds },
      why: await reasonsToBake(context, { identity, images, force }),
      steps: stepsOf(chain, settings.config.image).map((step) => ({
        name: step,
        lastTookSeconds: took[step] ?? null,
      })),
    };
  });
  return { images: await Promise.all(planned) };
}

/** The steps of a bake, as they are told; "boot" comes twice. */
export function stepsOf(
  chain: readonly Definition[],
  { hardening }: Pick<Config['image'], 'hardening'>,
): readonly string[] {
  const { app, app_base: appBase, app_run: appRun, packages, docker, users, directories, tests } = own(chain);
  return [
    ...['signing key', 'create builder', 'boot'],
    ...(packages.length > 0 || docker ? ['packages'] : []),
    ...(appBase ? ['app base'] : []),
    ...(users.length > 0 || directories.length > 0 ? ['users and directories'] : []),
    'files',
    'services',
    ...(app ? ['app image'] : []),
    ...(appRun.length > 0 ? ['app run'] : []),
    ...['test', 'record contents'],
    ...(barOf(chain) === undefined ? [] : ['known vulnerabilities']),
    ...['clean and search', 'shut down', 'snapshot', 'wait for the snapshot'],
    'create test machine',
    ...(tests.hardening !== undefined && hardening ? ['hardening'] : []),
    ...['test the booted machine', 'search the booted machine', 'destroy builder', 'destroy test machine'],
    ...['sign papers', 'mark tested'],
  ];
}

export function planText({ images }: BuildPlan, withSteps: boolean): string {
  return images.map((image) => `${imageText(image, withSteps)}\n`).join('');
}

function imageText(
  { name, digest, snapshotId, against, why, lastTookSeconds, steps }: PlannedImage,
  withSteps: boolean,
): string {
  const head = `${name}  ${digest.slice(0, 12)}`;
  if (snapshotId !== null) return `${head}  exists, would not be baked: ${snapshotId}`;
  const compared = against === null ? '' : `, compared with ${against.slice(0, 12)}`;
  const lines = [`${head}  would be baked${compared}`, ...why.map((reason) => `  ${reason}`)];
  if (!withSteps) return lines.join('\n');
  return [
    ...lines,
    lastTookSeconds === null
      ? '  it was never baked before, so nobody knows how long'
      : `  last time it took ${lastTookSeconds.toFixed(0)} s`,
    ...steps.map((step) => `    ${step.name.padEnd(26)} ${seconds(step.lastTookSeconds)}`.trimEnd()),
  ].join('\n');
}

function seconds(took: number | null): string {
  return took === null ? '' : `${took.toFixed(1).padStart(6)} s`;
}
