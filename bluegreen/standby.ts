import { AnnyError, hasCode } from '../operation/errors.ts';
import { runStep, warn } from '../operation/step.ts';
import type { Context } from './context.ts';
import { discard } from './discard.ts';
import { type Answering, markRelease, type Release } from './release.ts';

/** The live one has all that is owed to anybody; so has a standby, up to when it handed over. */
const HAS_ALL = { aloneSince: 0, lacksSince: 0 } as const;

/** Writes down in the account who is live now, and until when the old one is kept. */
export async function markHandover(context: Context, live: Answering, standby: Answering | undefined): Promise<void> {
  await markRelease(context, live, { stage: 'live', keepUntil: 0, ...HAS_ALL });
  if (standby !== undefined) await markRelease(context, standby, { ...standbyFrom(context), ...HAS_ALL });
}

/** One whose mark was never written; what it has, or lacks, stays what it is. */
export async function markStandby(context: Context, standby: Answering): Promise<void> {
  await markRelease(context, standby, standbyFrom(context));
}

function standbyFrom({ operation, settings }: Context): { readonly stage: 'standby'; readonly keepUntil: number } {
  const keepUntil = Math.round((operation.clock.now() + settings.config.deploy.standby_window) / 1000);
  return { stage: 'standby', keepUntil };
}

/** Older standbys relay straight to the new writer. One that does not is no harm: it relays along the chain. */
export async function repointStandbys(
  context: Context,
  standbys: readonly Answering[],
  writer: Answering,
): Promise<void> {
  for (const standby of standbys) {
    if (standby.status.role !== 'relay') continue;
    await runStep(context.operation, {
      name: 'repoint standby',
      detail: standby.tags.release,
      run: () => standby.box.relay(writer.address),
    }).catch((error: unknown) => {
      if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
      warn(context.operation, `${standby.tags.release} still relays to where it did: ${error.found}`);
    });
  }
}

/** Destroys machines that never served anybody: what an interrupted command left. */
export async function clearStrays(context: Context, strays: readonly Release[], survivor?: Answering): Promise<void> {
  for (const stray of strays) {
    await runStep(context.operation, {
      name: 'clear',
      detail: `${stray.tags.release}, left by an earlier command, never served`,
      run: () => discard(context, stray, survivor),
    });
  }
}
