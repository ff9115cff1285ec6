import { hasCode } from '../operation/errors.ts';
import type { Begun } from './begin-command.ts';
import { carryOut } from './carry-out.ts';
import type { Context } from './context.ts';
import type { Situation } from './situation.ts';
import { repointStandbys } from './standby.ts';
import { isOutcomeOf, type Work } from './work.ts';

type Live = Extract<Situation, { kind: 'live' }>;

/** The situation, when the interrupted work has already come to its writer: only what follows is left to do. */
export function committed(situation: Situation, work: Work): Live | undefined {
  if (situation.kind !== 'live' || work.command.kind === 'retire' || work.command.kind === 'prepare') return undefined;
  return isOutcomeOf(work, situation.writer) ? situation : undefined;
}

/** What follows the commit: marks, standbys, name, certificate, app. One that is ill stays so: that is no interruption any more. */
export async function finish(context: Context, { lease, observed }: Begun, work: Work, live: Live): Promise<void> {
  const { writer, standbys } = live;
  await lease.write({ ...work, operations: [...work.operations, context.operation.id] });
  const astray = standbys.filter(({ status }) => status.relayTo !== writer.address);
  await repointStandbys(context, astray, writer);
  try {
    await carryOut(context, { action: 'none', writer }, observed, async () => undefined);
  } catch (error) {
    if (hasCode(error, 'UNHEALTHY')) await lease.forgetLeft();
    throw error;
  }
  await lease.forgetLeft();
}
