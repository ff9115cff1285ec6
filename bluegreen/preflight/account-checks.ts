import { moneyText } from '../../cloud/money.ts';
import { age } from '../age.ts';
import { blocks, type Check, ok, type Seen, unknown, warning } from './check.ts';
import { type Ground, inAccount } from './ground.ts';

/** Whether the account lets this computer in, and has room for what a promote or a bake makes. */
export function accountChecks(ground: Ground): readonly Check[] {
  return [
    { name: 'account', look: () => account(ground) },
    { name: 'clock', look: () => clock(ground) },
    { name: 'quota', look: () => inAccount(ground, () => quota(ground)) },
    { name: 'plan', look: () => inAccount(ground, () => plan(ground)) },
  ];
}

async function account({ first, settings }: Ground): Promise<Seen> {
  const { holder, problem } = await first;
  if (problem !== undefined) return blocks(problem.found, problem.next);
  return ok(`the key opens "${holder?.name ?? ''}" from here (${settings.config.infra.api_url})`);
}

/** Certificates, leases and backups are dated by it. */
const MOST_SKEW_SECONDS = 30;

async function clock({ first }: Ground): Promise<Seen> {
  const { aheadMs } = await first;
  if (aheadMs === undefined) return unknown('not compared: the API tells no time', 'see "account" above');
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (seconds <= MOST_SKEW_SECONDS) return ok(`within ${Math.max(1, seconds)} s of the API's`);
  return warning(
    `this computer is ${age(seconds)} ${aheadMs > 0 ? 'behind' : 'ahead of'} the API: leases and backups are dated by it`,
    'set the clock: timedatectl set-ntp true',
  );
}

async function quota({ cloud, settings }: Ground): Promise<Seen> {
  const limit = settings.config.infra.instance_limit;
  const { length } = await cloud.instances();
  const there = `${length} ${length === 1 ? 'machine' : 'machines'} in the account`;
  if (limit === 0) return ok(`${there}; its API does not tell a limit (infra.instance_limit)`);
  // A bake's builder is there, switched off, until the machine that was booted from its image has been tested.
  if (length === limit - 1)
    return warning(
      `${there}, of ${limit} that it may have (infra.instance_limit): room for a release, not for a bake, which has two machines at once`,
      'before a bake: anny-bluegreen cost shows what nothing needs; or ask Vultr to raise the limit, then change the key',
    );
  if (length < limit) return ok(`${there}, of ${limit} that it may have`);
  return blocks(
    `${there}, and infra.instance_limit is ${limit}: no room for the machine of a release or a bake`,
    'anny-bluegreen cost shows what nothing needs; or ask Vultr to raise the limit, then change the key',
  );
}

async function plan({ cloud, inventory, settings }: Ground): Promise<Seen> {
  const { vultr_plan: wanted, vultr_region: region } = settings.config.infra;
  const [plans, available] = await Promise.all([cloud.plans(), inventory.availablePlans(region)]);
  if (available === undefined) {
    return blocks(
      `there is no region ${region} (infra.vultr_region)`,
      'choose another in config.yaml: ewr, ams, fra, …',
    );
  }
  const found = plans.find(({ id }) => id === wanted);
  if (found !== undefined && available.includes(wanted)) {
    return ok(`${region} has ${wanted}: ${found.diskGb} GB disk, ${moneyText(found.monthlyCost)} a month`);
  }
  // A snapshot comes back only onto a disk that is as large.
  const others = plans
    .filter(({ id, diskGb }) => available.includes(id) && diskGb >= (found?.diskGb ?? 0))
    .sort((a, b) => a.monthlyCost - b.monthlyCost)
    .slice(0, 3)
    .map(({ id, monthlyCost }) => `${id} (${moneyText(monthlyCost)} a month)`);
  const elsewhere = found?.regions.filter((one) => one !== region) ?? [];
  return blocks(
    found === undefined ? `there is no plan ${wanted} (infra.vultr_plan)` : `${region} has no ${wanted} just now`,
    `in config.yaml choose another infra.vultr_plan: ${others.join(', ') || 'the region has none that is as large'}${
      elsewhere.length === 0 ? '' : `; or another infra.vultr_region: ${elsewhere.slice(0, 5).join(', ')}`
    }`,
  );
}
