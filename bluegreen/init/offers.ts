import type { AccountSetup, Region } from '../../cloud/account/setup.ts';
import type { Cloud, Plan } from '../../cloud/cloud.ts';
import { moneyText } from '../../cloud/money.ts';
import { nearest } from '../../config/nearest.ts';
import type { Choice } from './asker.ts';

/** What the account can be asked for before anything is decided. */
export interface Offers {
  readonly account: { readonly name: string; readonly email: string };
  readonly regions: readonly Region[];
  readonly plans: readonly Plan[];
  readonly domains: readonly string[];
  readonly sshKeys: readonly { readonly name: string; readonly publicKey: string }[];
}

export async function readOffers(cloud: Cloud, setup: AccountSetup): Promise<Offers> {
  // First and alone: a wrong key gets one answer.
  const account = await cloud.account();
  const [regions, plans, domains, sshKeys] = await Promise.all([
    setup.regions(),
    cloud.plans(),
    setup.domains(),
    cloud.sshKeys(),
  ]);
  return { account, regions, plans, domains, sshKeys };
}

export function regionChoices({ regions, plans }: Offers): readonly Choice[] {
  return regions
    .filter(({ id }) => plans.some((plan) => plan.regions.includes(id)))
    .map(({ id, city, country }) => ({ value: id, name: `${id.padEnd(5)} ${city}, ${country}` }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** The cheapest first. */
export function planChoices({ plans }: Offers, region: string): readonly Choice[] {
  return plans
    .filter((plan) => plan.regions.includes(region))
    .sort((a, b) => a.monthlyCost - b.monthlyCost || a.id.localeCompare(b.id))
    .map((plan) => ({ value: plan.id, name: planText(plan) }));
}

export function planText({ id, vcpus, ramMb, diskGb, monthlyCost }: Plan): string {
  const ram = ramMb >= 1024 ? `${Math.round(ramMb / 102.4) / 10} GB` : `${ramMb} MB`;
  return `${id.padEnd(14)} ${moneyText(monthlyCost)} a month   ${vcpus} vCPU, ${ram} RAM, ${diskGb} GB disk`;
}

/** What is wrong with a name that was typed; undefined when it is one of these. */
export function notAmong(what: string, word: string, choices: readonly Choice[]): string | undefined {
  const known = choices.map(({ value }) => value);
  if (known.includes(word)) return undefined;
  const meant = nearest(word, known);
  if (meant !== undefined) return `there is no ${what} "${word}"; did you mean ${meant}?`;
  return `there is no ${what} "${word}"; there are ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''}`;
}
