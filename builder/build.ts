import type { Instance, SnapshotId } from '../cloud/cloud.ts';
import { AnnyError } from '../operation/errors.ts';
import { runStep, undoAll } from '../operation/step.ts';
import { waitFor } from '../operation/wait.ts';
import { type BakeContext, type BakeRequest, bake } from './bake.ts';
import { isBakeMachine, MAY_BAKE_MS } from './bake-machine.ts';
import { type Image, imagesIn } from './catalog.ts';
import { readChain } from './definition.ts';
import { type Identity, identify, whatChanged } from './digest.ts';
import { inputsLog } from './inputs-log.ts';
import { sweepKilled } from './sweep.ts';

export interface BuildWish {
  readonly name: string;
  /** Bake although a tested image with this digest exists. */
  readonly force: boolean;
  readonly onError: OnError;
}

export type OnError = 'keep' | 'destroy' | 'ask';

export interface Built {
  readonly name: string;
  readonly digest: string;
  readonly snapshotId: SnapshotId;
  /** False when it was there already. */
  readonly baked: boolean;
  /** Inputs that changed since the last image of this name, where that is known here. */
  readonly why: readonly string[];
}

const OTHER_BAKE_POLL_MS = 5_000;

/**
 * Bakes an image and what it stands on, each only when no tested image with its digest exists. Where the image itself does, one
 * listing says so, and what it stands on may be gone.
 */
export async function build(
  context: BakeContext,
  wish: BuildWish,
  keep: (error: unknown) => Promise<boolean>,
): Promise<readonly Built[]> {
  const { settings } = context;
  const chain = await readChain(settings.directory, wish.name);
  const identities = await identify(settings, chain);
  await sweepKilled(context);
  const images = await imagesIn(context.cloud);
  const start = identities.findLastIndex(
    (identity, index) =>
      !(wish.force && index === identities.length - 1) && find(context, images, identity) !== undefined,
  );
  const built: Built[] = [];
  for (const [index, identity] of identities.entries()) {
    if (index < start) continue;
    const step = { chain: chain.slice(0, index + 1), identity, parent: built.at(-1)?.snapshotId };
    const force = wish.force && index === identities.length - 1;
    built.push(await buildOne(context, step, index === start ? images : undefined, { ...wish, force }, keep));
  }
  return built;
}

function find({ settings, operation }: BakeContext, images: readonly Image[], identity: Identity): Image | undefined {
  return reusable(images, identity, operation.clock.now(), settings.config.image.max_age);
}

/** The tested image with this digest that is not too old, where there is one. */
export function reusable(
  images: readonly Image[],
  identity: Identity,
  nowMs: number,
  maxAgeMs: number,
): Image | undefined {
  return images.find(
    (one) =>
      one.name === identity.name &&
      one.digest === identity.digest &&
      one.stage === 'tested' &&
      one.complete &&
      nowMs - Date.parse(one.createdAt) < maxAgeMs,
  );
}

async function buildOne(
  context: BakeContext,
  step: BakeRequest,
  listed: readonly Image[] | undefined,
  wish: BuildWish,
  keep: (error: unknown) => Promise<boolean>,
): Promise<Built> {
  const { operation, settings } = context;
  const { identity } = step;
  const log = inputsLog(settings.directory);
  const images = listed ?? (await imagesIn(context.cloud));
  const why = await reasons(log, identity, images);
  const wanted = (all: readonly Image[]): Image | undefined => (wish.force ? undefined : find(context, all, identity));
  const known = wanted(images) ?? (await afterOtherBake(context, identity, wanted));
  const common = { name: identity.name, digest: identity.digest, why };
  if (known !== undefined) {
    operation.report.note(
      `${identity.name} ${identity.digest.slice(0, 12)} is baked and tested already: ${known.snapshotId}`,
    );
    return { ...common, snapshotId: known.snapshotId, baked: false };
  }
  operation.report.note(
    `bake ${identity.name} ${identity.digest.slice(0, 12)}${why.length === 0 ? '' : ` (${summary(why)})`}`,
  );
  try {
    const snapshotId = await bake(context, step);
    operation.undos.length = 0;
    // Only --why needs it: a full disk here must not take a good image back.
    await log.remember(identity).catch(() => undefined);
    return { ...common, snapshotId, baked: true };
  } catch (error) {
    return await takeBack(context, identity, error, keep);
  }
}

/** Nothing is left behind, unless the operator wants to look at the machine of a bake that failed. */
async function takeBack(
  { operation, cloud }: BakeContext,
  identity: Identity,
  error: unknown,
  keep: (error: unknown) => Promise<boolean>,
): Promise<never> {
  const stopped = error instanceof AnnyError && error.code === 'INTERRUPTED';
  if (!stopped && (await keep(error))) {
    operation.undos.length = 0;
    const left = (await cloud.instances()).filter(({ tags }) => tags.includes(`op=${operation.id}`));
    for (const { label, address } of left) {
      operation.report.warn(`kept: ${label}, ssh anny-bake@${address ?? '?'}; destroy it when you have seen enough`);
    }
    throw error;
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

function summary(why: readonly string[]): string {
  const most = 3;
  return why.length <= most
    ? why.join(', ')
    : `${why.slice(0, most).join(', ')} and ${why.length - most} more; --why names all`;
}

/** What changed since the newest image of this name. */
export async function reasons(
  log: ReturnType<typeof inputsLog>,
  identity: Identity,
  images: readonly Image[],
): Promise<readonly string[]> {
  const last = images.find(({ name }) => name === identity.name);
  if (last === undefined || last.digest === identity.digest) return [];
  const before = await log.recall(last.digest);
  return before === undefined
    ? [`the last one, ${last.digest.slice(0, 12)}, was baked elsewhere`]
    : whatChanged(before, identity.inputs);
}

/** Somebody bakes the same digest right now: their image will do. */
async function afterOtherBake(
  context: BakeContext,
  identity: Identity,
  wanted: (images: readonly Image[]) => Image | undefined,
): Promise<Image | undefined> {
  const { cloud, operation } = context;
  const others = async (): Promise<readonly Instance[]> =>
    (await cloud.instances()).filter((one) => isOtherBake(one, identity, operation.id));
  const isAbandoned = ({ createdAt }: Instance): boolean =>
    operation.clock.now() - Date.parse(createdAt) >= MAY_BAKE_MS;
  const all = await others();
  for (const { label, createdAt } of all.filter(isAbandoned)) {
    operation.report.warn(`${label} is left over from a bake of ${createdAt}: destroy it in the account`);
  }
  const first = all.find((one) => !isAbandoned(one));
  if (first === undefined) return undefined;
  return runStep(operation, {
    name: 'wait for another bake',
    detail: `${first.label} bakes the same digest since ${first.createdAt}; if nobody does, Ctrl-C and destroy it in the account`,
    interruptible: true,
    run: () =>
      waitFor(
        operation.clock,
        {
          what: `the bake of ${first.label}`,
          timeoutMs: MAY_BAKE_MS,
          intervalMs: OTHER_BAKE_POLL_MS,
          next: `destroy ${first.label} in the account, then run this again`,
          stop: operation.interrupt,
        },
        async () => {
          const image = wanted(await imagesIn(cloud));
          if (image !== undefined) return { done: image };
          const left = (await others()).filter((one) => !isAbandoned(one));
          return left.length === 0 ? { done: undefined } : { not: 'it still bakes' };
        },
      ),
  });
}

function isOtherBake({ tags }: Instance, identity: Identity, operation: string): boolean {
  return (
    isBakeMachine(tags) && tags.includes(`image=${identity.digest.slice(0, 12)}`) && !tags.includes(`op=${operation}`)
  );
}
