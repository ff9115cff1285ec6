import { type Image, imagesIn, testedOf } from '../builder/catalog.ts';
import { AnnyError } from '../operation/errors.ts';
import { warn } from '../operation/step.ts';
import type { PlannedCommand } from './command.ts';
import type { Context } from './context.ts';
import { bakedElsewhere, firstOwn } from './own-image.ts';
import type { Plan } from './plan.ts';
import { planPromote, planSettle } from './plan-promote.ts';
import { planRestore } from './plan-restore.ts';
import { planRollback } from './plan-rollback.ts';
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

type Choosing = Pick<Context, 'settings' | 'cloud' | 'operation'> & {
  readonly vouching: Pick<Context['vouching'], 'vouch'>;
};

export async function chooseImage(context: Choosing, digest: string | undefined): Promise<Image> {
  const { name } = context.settings.config.image;
  const images = await imagesIn(context.cloud);
  const tested = testedOf(images, name, digest);
  const image = digest === undefined ? await newestOwn(context, tested) : await wished(context, tested[0]);
  if (image !== undefined) return requireTrusted(context, image);
  const others = images.filter((one) => one.name === name).map((one) => `${one.digest.slice(0, 12)} (${one.stage})`);
  throw new AnnyError('IMAGE_MISSING', {
    doing: `looking for a tested image "${name}"${digest === undefined ? '' : ` with digest ${digest}`}`,
    found: others.length === 0 ? 'the account has none' : `the account has ${others.join(', ')}`,
    next: `anny-image build ${name}`,
  });
}

async function newestOwn(context: Choosing, tested: readonly Image[]): Promise<Image | undefined> {
  const { own, others } = await firstOwn(context, tested);
  if (own !== undefined || others.length === 0) return own;
  const { environment, config } = context.settings;
  const { name } = config.image;
  const said = others.map((one) => `${one.image.digest.slice(0, 12)} for ${one.environment}`);
  throw new AnnyError('IMAGE_MISSING', {
    doing: `looking for a tested image "${name}" of ${environment}`,
    found: `all were baked for other environments, with their name and settings: ${said.join(', ')}`,
    next: `anny-image --env ${environment} build ${name}; --image DIGEST takes one of these all the same`,
  });
}

/** It was asked for by its digest, so it is taken; whoever mistook it should know. */
async function wished(context: Choosing, image: Image | undefined): Promise<Image | undefined> {
  const elsewhere = image === undefined ? undefined : await bakedElsewhere(context, image);
  if (image !== undefined && elsewhere !== undefined) {
    const title = `${image.name} ${image.digest.slice(0, 12)}`;
    warn(context.operation, `${title} was baked for ${elsewhere}: its name and settings are in it`);
  }
  return image;
}
