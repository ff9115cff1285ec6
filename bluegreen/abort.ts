import { AnnyError, ERROR_CODES } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import type { Begun, Outcome } from './begin-command.ts';
import { commandText } from './command.ts';
import type { Context } from './context.ts';
import { discard } from './discard.ts';
import { committed, finish } from './finish.ts';
import { canHandBack, handBack } from './hand-back.ts';
import { findInterrupted } from './interrupted.ts';
import type { Answering, Silent } from './release.ts';
import type { Back, Work } from './work.ts';

const LEAVES_ALL_AS_IT_WAS: readonly number[] = [ERROR_CODES.HANDOVER_UNDONE];

/**
 * Takes back what was cut off: what held serves again (observing has done that), and the machines that it made are destroyed. What
 * had been committed by then is finished instead: rollback takes that back, with the data.
 */
export async function abort(context: Context, begun: Begun): Promise<Outcome> {
  const { lease, observed } = begun;
  const interrupted = await findInterrupted(context, begun);
  if (interrupted === undefined) return { kind: 'nothing' };
  const { who } = interrupted;
  context.operation.report.note(`taking back ${who}`);
  const { situation } = observed;
  const { back } = interrupted.work;
  if (back !== null && canHandBack(situation, back)) return abortByHandBack(context, begun, interrupted.work, back);
  const work = { ...interrupted.work, back: null };
  const command = commandText(work.command);
  const live = committed(situation, work);
  if (live !== undefined) {
    await finish(context, begun, work, live);
    return { kind: 'aborted', command, finished: true, handedBack: false, destroyed: [], writer: live.writer };
  }
  const writer = situation.kind === 'live' ? situation.writer : undefined;
  const strays = 'strays' in situation ? situation.strays.filter((one) => mayGo(one, work, writer !== undefined)) : [];
  for (const stray of strays) {
    await runStep(context.operation, {
      name: 'clear',
      detail: `${stray.tags.release}, which it had made`,
      run: () => discard(context, stray, writer),
    });
  }
  await lease.forgetLeft();
  return {
    kind: 'aborted',
    command,
    finished: false,
    handedBack: false,
    destroyed: strays.map(({ tags }) => tags.release),
    writer,
  };
}

/** It was on its way back already. Where that fails and nothing was moved, it is not offered again: what serves goes on. */
async function abortByHandBack(context: Context, begun: Begun, work: Work, back: Back): Promise<Outcome> {
  try {
    const { release: writer } = await handBack(context, begun, work, back);
    return {
      kind: 'aborted',
      command: commandText(work.command),
      finished: false,
      handedBack: true,
      destroyed: [],
      writer,
    };
  } catch (error) {
    if (error instanceof AnnyError && LEAVES_ALL_AS_IT_WAS.includes(error.exitCode)) await begun.lease.forgetLeft();
    throw error;
  }
}

/**
 * Without a living writer, one that took everything over may have the newest data, and one that cannot be asked may have taken it
 * over: `restore` decides about those.
 */
function mayGo(stray: Answering | Silent, { operations }: Work, live: boolean): boolean {
  const isEmpty = 'box' in stray && stray.status.takeover.from === '';
  return operations.includes(stray.tags.operation) && (live || isEmpty);
}
