import type { Instance } from '../cloud/cloud.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import { waitFor } from '../operation/wait.ts';
import type { Context } from './context.ts';
import { type Answering, markRelease, type Release } from './release.ts';

const STOP_TIMEOUT_MS = 5 * 60_000;

/** A machine that cannot be asked is powered off through the account, and seen stopped, before anything else writes. */
export async function fenceThroughAccount(context: Context, release: Release): Promise<void> {
  const { cloud, operation } = context;
  await runStep(operation, {
    name: 'fence',
    detail: `${release.tags.release} does not answer: power it off`,
    run: async () => {
      const before = await lookUp(context, release);
      if (before === undefined) return 'it is gone';
      if (before.power !== 'stopped') await cloud.halt(release.instance.id);
      return waitFor(
        operation.clock,
        {
          what: `${release.tags.release} to be seen stopped`,
          timeoutMs: STOP_TIMEOUT_MS,
          next: 'stop or destroy it in the account by hand, then run the same command again',
        },
        async () => {
          const now = await lookUp(context, release);
          if (now === undefined) return { done: 'it is gone' };
          return now.power === 'stopped' ? { done: 'seen stopped' } : { not: `power is ${now.power}` };
        },
      );
    },
    describe: (text) => text,
  });
  if ((await lookUp(context, release)) !== undefined) await markRelease(context, release, { stage: 'fenced' });
}

/** A single 404 may be a slip of the API: gone is what the whole list does not have either. */
async function lookUp({ cloud }: Context, { instance: { id } }: Release): Promise<Instance | undefined> {
  return (await cloud.instance(id)) ?? (await cloud.instances()).find((one) => one.id === id);
}

/** Fences every machine that may write and cannot be asked; the data on it stays on its disk. */
export async function fenceAll(context: Context, silent: readonly Release[]): Promise<void> {
  for (const release of silent) await fenceThroughAccount(context, release);
}

/** A machine that answers fences itself; one that does not, or cannot, is powered off. */
export async function fence(context: Context, old: Release | Answering): Promise<void> {
  if (!('box' in old)) return fenceThroughAccount(context, old);
  try {
    await runStep(context.operation, { name: 'fence', detail: old.tags.release, run: () => old.box.fence() });
  } catch (error) {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST', 'MACHINE_BUSY')) throw error;
    await fenceThroughAccount(context, old);
  }
}

export function wouldLoseWrites(doing: string, found: string, next: string): AnnyError {
  return new AnnyError('WOULD_LOSE_WRITES', { doing, found, next });
}
