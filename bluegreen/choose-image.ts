import { type Image, imagesIn, testedOf } from '../builder/catalog.ts';
import { AnnyError } from '../operation/errors.ts';
import { type Operation, warn } from '../operation/step.ts';
import type { Context } from './context.ts';
import { bakedElsewhere, firstOwn } from './own-image.ts';
import { requireTrusted } from './trusted-image.ts';
import type { Vouching } from './vouching.ts';

interface Choosing extends Pick<Context, 'settings' | 'cloud'> {
  readonly vouching: Pick<Vouching, 'vouch'>;
  readonly operation: Pick<Operation, 'warnings' | 'report'>;
}

/** The image that a command brings up: the newest of this environment, or the one that is wished for. */
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
