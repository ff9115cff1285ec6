import { runStep } from '../operation/step.ts';
import type { Begun, Outcome } from './begin-command.ts';
import { commandText } from './command.ts';
import type { Context } from './context.ts';
import { discard } from './discard.ts';
import { committed, finish } from './finish.ts';
import { findInterrupted } from './interrupted.ts';
import type { Answering, Silent } from './release.ts';
import type { Work } from './work.ts';

/**
 * Takes back what was cut off: what held serves again (observing has done that), and the machines that it made are destroyed. What
 * had been committed by then is finished instead: rollback takes that back, with the data.
 */
export async function abort(context: Context, begun: Begun): Promise<Outcome> {
  const { lease, observed } = begun;
  const interrupted = await findInterrupted(context, lease);
  if (interrupted === undefined) return { kind: 'nothing' };
  const { work, who } = interrupted;
  context.operation.report.note(`taking back ${who}`);
  const { situation } = observed;
  const command = commandText(work.command);
  const live = committed(situation, work);
  if (live !== undefined) {
    await finish(context, begun, work, live);
    return { kind: 'aborted', command, finished: true, destroyed: [], writer: live.writer };
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
  return { kind: 'aborted', command, finished: false, destroyed: strays.map(({ tags }) => tags.release), writer };
}

/**
 * Without a living writer, one that took everything over may have the newest data, and one that cannot be asked may have taken it
 * over: `restore` decides about those.
 */
function mayGo(stray: Answering | Silent, { operations }: Work, live: boolean): boolean {
  const isEmpty = 'box' in stray && stray.status.takeover.from === '';
  return operations.includes(stray.tags.operation) && (live || isEmpty);
}
