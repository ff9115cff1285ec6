import type { Config } from '../config/schema.ts';
import type { Plan } from './cloud.ts';
import { type Money, times, usd } from './money.ts';

/** What the account's API does not tell: section `prices` of config.yaml, in docs/cost.md with their sources. */
export interface Prices {
  readonly snapshotGbMonth: Money;
  readonly reservedIpMonth: Money;
  readonly objectStorageMonth: Money;
}

export function pricesOf({ prices }: Pick<Config, 'prices'>): Prices {
  return {
    snapshotGbMonth: usd(prices.snapshot_gb),
    reservedIpMonth: usd(prices.reserved_ip),
    objectStorageMonth: usd(prices.object_storage),
  };
}

const GB = 1e9;

/** A month of what is kept of a snapshot. */
export function snapshotMonth({ snapshotGbMonth }: Prices, bytes: number): Money {
  return times(snapshotGbMonth, bytes / GB);
}

const HOUR_MS = 3_600_000;

/** Every hour that has begun is paid, powered off or not, and no more than the month's price. */
export function machineFor({ hourlyUsd, monthlyCost }: Pick<Plan, 'hourlyUsd' | 'monthlyCost'>, ms: number): Money {
  const hours = Math.ceil(ms / HOUR_MS);
  return Math.min(usd(hourlyUsd * hours), monthlyCost) as Money;
}
