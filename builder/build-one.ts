import type { SnapshotId } from '../cloud/cloud.ts';
import { whileHolding } from '../lease/hold.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import { undoAll, warn } from '../operation/step.ts';
import { bake } from './bake.ts';
import type { BakeContext, BakeRequest } from './bake-context.ts';
import type { BuildWish, Built } from './build.ts';
import { type Image, imagesIn, reusable } from './catalog.ts';
import type { Identity } from './digest.ts';
import { archiveIn } from './papers/archive.ts';
import { statementOf } from './papers/papers.ts';
import { durationOf, secondsOf } from './papers/statement.ts';
import { requireRoom } from './plan-room.ts';
import { reasonsToBake, summarize } from './reasons.ts';
import { bakeScope, sweepGone, watchBakes } from './sweep.ts';

/** Another bake of the same digest is waited for as long as one can take: its image will do. */
const LOCK = { waitMs: 3 * 60 * 60_000, reason: '' };

/** The image that would be baked, if it is there already. */
export function findBaked(
  { settings, operation }: BakeContext,
  images: readonly Image[],
  identity: Identity,
): Image | undefined {
  return reusable(images, identity, operation.clock.now(), settings.config.image.max_age);
}

/** Bakes one image of a chain, or finds that somebody else just did. */
export async function buildOne(
  context: BakeContext,
  step: BakeRequest,
  listed: readonly Image[] | undefined,
  wish: BuildWish,
  keep: (error: unknown) => Promise<boolean>,
): Promise<Built> {
  const { operation } = context;
  const { identity } = step;
  const images = listed ?? (await imagesIn(context.cloud));
  const common = { name: identity.name, digest: identity.digest };
  const wanted = (all: readonly Image[]) => (wish.force ? undefined : findBaked(context, all, identity));
  const here = wanted(images);
  if (here !== undefined) return { ...common, why: [], ...wasThere(context, identity, here) };
  const why = await reasonsToBake(context, { identity, images, force: wish.force });
  const bakes = watchBakes(context);
  const lease = { scope: bakeScope(identity), command: `anny-image build ${identity.name}`, ...LOCK };
  const result = await whileHolding(operation, context, lease, async (held) => {
    await held.write({ digest: identity.digest });
    await sweepGone(context, await bakes.look());
    const meanwhile = wanted(await imagesIn(context.cloud));
    if (meanwhile !== undefined) return wasThere(context, identity, meanwhile);
    const parent = images.find(({ snapshotId }) => snapshotId === step.parent);
    if (parent !== undefined) await requireRoom(context, parent);
    const line = `bake ${identity.name} ${identity.digest.slice(0, 12)} (${summarize(why)})`;
    operation.report.note(line);
    await expectTimes(context, images, identity);
    const snapshotId = await bakeOrTakeBack(context, step, keep);
    // What has not changed in all that time is nobody's any more. The image is there, whether that succeeds or not.
    await bakes
      .look()
      .then((seen) => sweepGone(context, seen))
      .catch((error: unknown) => {
        if (!(error instanceof AnnyError)) throw error;
        warn(operation, `what killed bakes left is not swept: ${error.message}`);
      });
    return { snapshotId, baked: true };
  });
  return { ...common, why: result.baked ? why : [], ...result };
}

/** How long each step took in the last bake of this name: for the screen alone. */
async function expectTimes(
  { operation, cloud, settings }: BakeContext,
  images: readonly Image[],
  { name }: Identity,
): Promise<void> {
  const last = images.find((image) => image.name === name);
  if (operation.report.expect === undefined || last === undefined) return;
  const papers = await archiveIn(cloud, settings.directory).recall(last);
  const statement = papers === undefined ? undefined : statementOf(papers);
  if (statement === undefined) return;
  operation.report.note(`the last one took ${durationOf(statement).toFixed(0)} s`);
  operation.report.expect(secondsOf(statement));
}

function wasThere({ operation }: BakeContext, { name, digest }: Identity, { snapshotId }: Image) {
  operation.report.note(`${name} ${digest.slice(0, 12)} is baked and tested already: ${snapshotId}`);
  return { snapshotId, baked: false };
}

async function bakeOrTakeBack(
  context: BakeContext,
  step: BakeRequest,
  keep: (error: unknown) => Promise<boolean>,
): Promise<SnapshotId> {
  try {
    const snapshotId = await bake(context, step);
    context.operation.undos.length = 0;
    return snapshotId;
  } catch (error) {
    return await takeBack(context, step.identity, error, keep);
  }
}

/** Nothing is left behind, unless the operator wants to look at the machine of a bake that failed. */
async function takeBack(
  { operation, cloud }: BakeContext,
  identity: Identity,
  error: unknown,
  keep: (error: unknown) => Promise<boolean>,
): Promise<never> {
  // Somebody else has taken over: what this bake made is swept by them.
  if (hasCode(error, 'LEASE_LOST')) throw error;
  const stopped = hasCode(error, 'INTERRUPTED');
  if (hasCode(error, 'STOPPED') || (!stopped && (await keep(error)))) {
    operation.undos.length = 0;
    const left = (await cloud.instances()).filter(({ tags }) => tags.includes(`op=${operation.id}`));
    for (const { label, address } of left) {
      operation.report.warn(`kept: ${label} at ${address ?? '?'}, which costs until it is destroyed`);
    }
    throw left.length === 0 ? error : lookingNext(error, operation.id);
  }
  const failures = await undoAll(operation);
  if (failures.length === 0) throw error;
  throw new AnnyError('UNFINISHED', {
    doing: `taking the bake of ${identity.name} back`,
    found: failures.join('; '),
    next: `destroy what is tagged op=${operation.id} in the account`,
    cause: error,
  });
}

function lookingNext(error: unknown, operation: string): unknown {
  if (!(error instanceof AnnyError)) return error;
  const { code, doing, found, cause } = error;
  const next = `anny-image ssh ${operation} looks at it, anny-image sweep ${operation} destroys it`;
  return new AnnyError(code, { doing, found, next, cause });
}
