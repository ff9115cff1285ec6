import { imagesIn, packagesFrom } from '../../builder/catalog.ts';
import { requireRoom } from '../../builder/plan-room.ts';
import { AnnyError, hasCode } from '../../operation/errors.ts';
import { silentReport } from '../../operation/silent-report.ts';
import { age } from '../age.ts';
import { chooseImage } from '../choose-image.ts';
import { type Check, ok, type Seen, warning } from './check.ts';
import { type Ground, inAccount } from './ground.ts';

/** Whether there is something to bring up, how old that is, whether it is what was signed, and whether it fits on the plan's disk. */
export function imageCheck(ground: Ground): Check {
  return { name: 'image', look: () => inAccount(ground, () => image(ground)) };
}

async function image(ground: Ground): Promise<Seen> {
  try {
    return await chosen(ground);
  } catch (error) {
    // A promote with --build bakes what is missing.
    if (!(error instanceof AnnyError && hasCode(error, 'IMAGE_MISSING'))) throw error;
    return warning(`${error.doing}: ${error.found}`, error.next);
  }
}

/** The one that a promote would take. */
async function chosen({ cloud, settings, vouching, clock }: Ground): Promise<Seen> {
  const { name, max_age: maxAgeMs } = settings.config.image;
  const warnings: string[] = [];
  const operation = { warnings, report: silentReport };
  const [images, newest] = await Promise.all([
    imagesIn(cloud),
    chooseImage({ cloud, settings, vouching, operation }, undefined),
  ]);
  const plan = settings.config.infra.vultr_plan;
  const isPlan = (await cloud.plans()).some(({ id }) => id === plan);
  if (isPlan) await requireRoom({ cloud, settings }, newest);
  const old = clock.now() - packagesFrom(images, newest);
  const said = `${name} ${newest.digest.slice(0, 12)} is tested, its packages are ${age(old / 1000)} old`;
  if (old > maxAgeMs) return warning(`${said}: more than image.max_age`, `anny-image build ${name} brings newer ones`);
  if (warnings.length > 0) return warning(warnings.join('; '), `anny-image build ${name} --force bakes and signs one`);
  return ok(isPlan ? `${said}, and it fits on ${plan}` : said);
}
