import { warn } from '../operation/step.ts';
import { type Begun, type Serves, serve } from './begin-command.ts';
import { commandText } from './command.ts';
import type { Context } from './context.ts';
import { committed, finish } from './finish.ts';
import type { Situation } from './situation.ts';
import type { Back, Work } from './work.ts';

/** A release was found bad, and its command was cut off while everything went back: that is gone on with, and the release not tried again. */
export async function handBack(context: Context, begun: Begun, work: Work, { to, why }: Back): Promise<Serves> {
  const { observed } = begun;
  const { clock } = context.operation;
  warn(context.operation, `${why}; so ${commandText(work.command)} is handed back to ${to}`);
  const at = clock.now();
  const live = committed(observed.situation, work);
  if (live !== undefined) {
    await finish(context, begun, work, live);
    return { kind: 'serves', action: 'rollback', release: live.writer, tookMs: clock.now() - at };
  }
  return serve(context, { kind: 'rollback', to, loseWrites: false }, { ...begun, before: work });
}

/** Is the machine that everything was on its way to still there for it? */
export function canHandBack(situation: Situation, { to }: Back): boolean {
  if (situation.kind !== 'live') return false;
  const { writer, standbys } = situation;
  const isThere = standbys.some(({ tags, status }) => tags.release === to && status.role === 'relay');
  return writer.tags.release === to || isThere;
}
