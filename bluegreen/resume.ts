import { AnnyError, ERROR_CODES } from '../operation/errors.ts';
import { type Begun, beginCommand, type Outcome } from './begin-command.ts';
import type { Context } from './context.ts';
import { committed, finish } from './finish.ts';
import { handBack } from './hand-back.ts';
import { findInterrupted } from './interrupted.ts';

/** Goes on with what was cut off, from where the world is, to that command's end: with the machine it had made, not another. */
export async function resume(context: Context, begun: Begun): Promise<Outcome> {
  const { lease, observed } = begun;
  const { clock, report } = context.operation;
  const interrupted = await findInterrupted(context, begun);
  if (interrupted === undefined) return { kind: 'nothing' };
  const { work, who } = interrupted;
  report.note(`going on with ${who}`);
  const at = clock.now();
  const live = work.back === null ? committed(observed.situation, work) : undefined;
  if (live !== undefined) {
    await finish(context, begun, work, live);
    return { kind: 'serves', action: 'none', release: live.writer, tookMs: clock.now() - at };
  }
  try {
    if (work.back !== null) return await handBack(context, begun, work, work.back);
    const outcome = await beginCommand(context, work.command, { ...begun, before: work });
    await lease.forgetLeft();
    return outcome;
  } catch (error) {
    throw orAbort(error);
  }
}

/** What cannot be gone on with must not be offered for ever. */
function orAbort(error: unknown): unknown {
  if (!(error instanceof AnnyError)) return error;
  if (error.exitCode === ERROR_CODES.UNFINISHED || error.exitCode === ERROR_CODES.INTERRUPTED) return error;
  const { code, doing, found, next, cause } = error;
  return new AnnyError(code, { doing, found, next: `${next}; or anny-bluegreen abort takes it back`, cause });
}
