import { imagesIn, latestTested, packagesFrom } from '../../builder/catalog.ts';
import { requireRoom } from '../../builder/plan-room.ts';
import { age } from '../age.ts';
import { type Check, ok, type Seen, warning } from './check.ts';
import { type Ground, inAccount } from './ground.ts';

/** Whether there is something to bring up, how old that is, and whether it fits on the plan's disk. */
export function imageCheck(ground: Ground): Check {
  return { name: 'image', look: () => inAccount(ground, () => image(ground)) };
}

async function image({ cloud, settings, clock }: Ground): Promise<Seen> {
  const { name, max_age: maxAgeMs } = settings.config.image;
  const images = await imagesIn(cloud);
  const newest = latestTested(images, name);
  if (newest === undefined) return warning(`the account has no tested image ${name} yet`, `anny-image build ${name}`);
  const plan = settings.config.infra.vultr_plan;
  const isPlan = (await cloud.plans()).some(({ id }) => id === plan);
  if (isPlan) await requireRoom({ cloud, settings }, newest);
  const old = clock.now() - packagesFrom(images, newest);
  const said = `${name} ${newest.digest.slice(0, 12)} is tested, its packages are ${age(old / 1000)} old`;
  if (old <= maxAgeMs) return ok(isPlan ? `${said}, and it fits on ${plan}` : said);
  return warning(`${said}: more than image.max_age`, `anny-image build ${name} brings newer ones`);
}
