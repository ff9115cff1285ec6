import { AnnyError, hasCode } from '../operation/errors.ts';
import { chooseImage } from './choose-image.ts';
import type { PlannedCommand } from './command.ts';
import type { Context } from './context.ts';
import type { Plan } from './plan.ts';
import { type PromoteWish, planPromote, planSettle } from './plan-promote.ts';
import { planRestore } from './plan-restore.ts';
import { planRollback } from './plan-rollback.ts';
import type { Situation } from './situation.ts';

/** What a command comes to in a situation. `plan` prints what the command itself then carries out. */
export async function planCommand(context: Context, command: PlannedCommand, situation: Situation): Promise<Plan> {
  const { clock } = context.operation;
  switch (command.kind) {
    case 'promote':
    case 'prepare':
      return planPromote(situation, {
        ...command,
        image: await chooseImage(context, command.image),
        left: situation.kind === 'empty' && !command.withoutBackup ? await whatIsLeft(context) : undefined,
      });
    case 'settle':
      return planSettle(situation);
    case 'rollback':
      return planRollback(situation, {
        to: command.to,
        loseWrites: command.loseWrites,
        nowSeconds: clock.now() / 1000,
      });
    case 'restore': {
      const image = await chooseImage(context, command.image);
      const { backups } = await context.backups.list();
      const nowSeconds = clock.now() / 1000;
      const staleAfterSeconds = context.settings.config.backup.stale_after / 1000;
      return planRestore(situation, {
        ...command,
        image,
        backups,
        backup: command.backup,
        nowSeconds,
        staleAfterSeconds,
      });
    }
  }
}

/** Where it cannot be known whether there is data, nothing begins without. */
async function whatIsLeft({ backups, operation }: Context): Promise<PromoteWish['left']> {
  try {
    const [newest] = (await backups.list()).backups;
    return newest && { release: newest.release, ageSeconds: operation.clock.now() / 1000 - newest.at };
  } catch (error) {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    const { code, found, next, cause } = error;
    throw new AnnyError(code, {
      doing: 'looking for backups of earlier machines',
      found,
      next: `${next}; to begin with nothing, whatever there is: promote --without-backup`,
      cause,
    });
  }
}
