import { AnnyError } from '../operation/errors.ts';
import type { BakeContext } from './bake-context.ts';
import type { Image } from './catalog.ts';

const GB = 1024 ** 3;

/** A snapshot comes back only onto a disk that is as large as the one it was taken of: said before a machine is ordered. */
export async function requireRoom({ cloud, settings }: Pick<BakeContext, 'cloud' | 'settings'>, image: Image) {
  const { vultr_plan: wanted } = settings.config.infra;
  const plan = (await cloud.plans()).find(({ id }) => id === wanted);
  // The account says itself what is wrong with a plan that it does not have.
  if (plan === undefined || plan.diskGb * GB >= image.sizeBytes) return;
  const origin = settings.origins.find(({ key }) => key === 'infra.vultr_plan')?.origin;
  const needed = Math.ceil(image.sizeBytes / GB);
  throw new AnnyError('CONFIG_INVALID', {
    doing: `bringing up a machine from ${image.name} ${image.digest.slice(0, 12)}`,
    found: `infra.vultr_plan (${origin ?? 'default'}) is ${wanted} with a disk of ${plan.diskGb} GB, and the snapshot needs ${needed} GB`,
    next: `choose a plan with ${needed} GB or more, or bake its parents again on the smaller one: anny-image build --refresh`,
  });
}
