import { isUnfinished, whileHolding } from '../lease/hold.ts';
import type { Lease } from '../lease/lease.ts';
import { AnnyError } from '../operation/errors.ts';
import { abort } from './abort.ts';
import { type Asking, beginCommand, type Outcome } from './begin-command.ts';
import { commandText, type OperatorCommand } from './command.ts';
import type { Context } from './context.ts';
import { resume } from './resume.ts';
import { observeSettled } from './settle.ts';

/** Runs a release command: take the lease, look and settle what was cut off, plan, agree, carry out, look again. */
export async function runCommand(context: Context, command: OperatorCommand, asking: Asking): Promise<Outcome> {
  refuseUnnamed(command);
  const { operation, settings, lock } = context;
  const wish = { scope: settings.environment, command: commandText(command), ...lock };
  return whileHolding(operation, context, wish, async (lease) => {
    try {
      const outcome = await runHolding(context, command, lease, asking);
      await writeEnd(context);
      return outcome;
    } catch (error) {
      if (!isUnfinished(error)) await writeEnd(context);
      throw error;
    }
  });
}

async function runHolding(context: Context, command: OperatorCommand, lease: Lease, asking: Asking): Promise<Outcome> {
  const observed = await observeSettled(context);
  const begun = { lease, observed, asking, before: undefined };
  try {
    switch (command.kind) {
      case 'resume':
        return await resume(context, begun);
      case 'abort':
        return await abort(context, begun);
      default:
        return await beginCommand(context, command, begun);
    }
  } finally {
    await observed.world.close();
  }
}

/** The account counts; a journal that cannot be written changes nothing that was done. */
async function writeEnd({ operation: { id, command, clock, journal } }: Context): Promise<void> {
  const entry = { at: clock.now(), operation: id, command, step: command, event: 'end' } as const;
  await journal.append(entry).catch(() => undefined);
}

function refuseUnnamed(command: OperatorCommand): void {
  if (command.kind !== 'retire' || !command.force || command.release !== undefined) return;
  throw new AnnyError('USAGE', {
    doing: 'retiring',
    found: '--force without the name of a release',
    next: 'anny-bluegreen status lists them; retire RELEASE --force',
  });
}
