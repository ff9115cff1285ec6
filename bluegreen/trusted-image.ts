import type { Image } from '../builder/catalog.ts';
import { AnnyError } from '../operation/errors.ts';
import { type Operation, warn } from '../operation/step.ts';
import type { Context } from './context.ts';
import type { Vouching } from './vouching.ts';

interface Trusting extends Pick<Context, 'settings'> {
  readonly vouching: Pick<Vouching, 'vouch'>;
  readonly operation: Pick<Operation, 'warnings' | 'report'>;
}

/** Before anything is brought up. What is not the image that was signed is refused; one without papers too, where signers are named. */
export async function requireTrusted(context: Trusting, image: Image): Promise<Image> {
  const { vouching, settings, operation } = context;
  const vouched = await vouching.vouch(image);
  if (vouched.kind === 'signed') return image;
  const title = `${image.name} ${image.digest.slice(0, 12)}`;
  if (vouched.kind === 'wrong') throw untrusted(title, vouched.found);
  const signers = Object.keys(settings.config.image.signers);
  if (signers.length > 0) {
    throw untrusted(title, `nobody signed it, and image.signers wants ${signers.join(' or ')}`);
  }
  warn(operation, `nobody signed ${title}: an earlier version of Anny baked it, or its papers were deleted`);
  return image;
}

function untrusted(title: string, found: string): AnnyError {
  return new AnnyError('IMAGE_UNTRUSTED', {
    doing: `checking who signed image ${title}`,
    found,
    next: 'anny-image build --force bakes and signs it here; anny-image list shows others, --image DIGEST takes one of them',
  });
}
