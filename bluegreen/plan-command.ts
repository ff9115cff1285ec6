import { type Image, imagesIn, latestTested } from '../builder/catalog.ts';
import { AnnyError } from '../operation/errors.ts';
import type { PlannedCommand } from './command.ts';
import type { Context } from './context.ts';
import { type Plan, planPromote, planRestore, planRollback, planSettle } from './plan.ts';
import type { Situation } from './situation.ts';
import { requireTrusted } from './trusted-image.ts';

/** What a command comes to in a situation. `plan` prints what the command itself then carries out. */
export async function planCommand(context: Context, command: PlannedCommand, situation: Situation): Promise<Plan> {
  const { clock } = context.operation;
  switch (command.kind) {
    case 'promote':
    case 'prepare':
      return planPromote(situation, { ...command, image: await chooseImage(context, command.image) });
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

export async function chooseImage(context: Context, digest: string | undefined): Promise<Image> {
  const { name } = context.settings.config.image;
  const images = await imagesIn(context.cloud);
  const image = latestTested(images, name, digest);
  if (image !== undefined) return requireTrusted(context, image);
  const others = images.filter((one) => one.name === name).map((one) => `${one.digest.slice(0, 12)} (${one.stage})`);
  throw new AnnyError('IMAGE_MISSING', {
    doing: `looking for a tested image "${name}"${digest === undefined ? '' : ` with digest ${digest}`}`,
    found: others.length === 0 ? 'the account has none' : `the account has ${others.join(', ')}`,
    next: `anny-image build ${name}`,
  });
}
