import { dollars, type Money, sum, usd } from '../../money.ts';
import { machineFor } from '../../prices.ts';
import { PLANS } from './catalogue.ts';
import type { State } from './store.ts';

const SNAPSHOT_GB_MONTH_USD = 0.05;
const RESERVED_IP_MONTH_USD = 3;
const HOURS_IN_MONTH = 730;
const HOUR_MS = 3_600_000;

/** What the things that are there have cost this month, in dollars; those that are gone again count no more. */
export function pendingCharges(state: State, nowMs: number): number {
  const begun = new Date(nowMs);
  const monthStart = Date.UTC(begun.getUTCFullYear(), begun.getUTCMonth());
  const ageMs = (createdAt: string): number => nowMs - Math.max(monthStart, Date.parse(createdAt));
  const part = (monthUsd: number, ms: number): Money => usd((monthUsd * ms) / HOUR_MS / HOURS_IN_MONTH);
  return dollars(
    sum([
      ...state.instances.map(({ plan, date_created }) => machineCharge(plan, ageMs(date_created))),
      ...state.snapshots.map(({ compressed_size, date_created }) =>
        part((compressed_size / 1e9) * SNAPSHOT_GB_MONTH_USD, ageMs(date_created)),
      ),
      ...state.reservedIps.map(() => part(RESERVED_IP_MONTH_USD, nowMs - monthStart)),
    ]),
  );
}

function machineCharge(planId: string, ms: number): Money {
  const plan = PLANS.find(({ id }) => id === planId);
  if (plan === undefined) return usd(0);
  return machineFor({ hourlyUsd: plan.hourly_cost, monthlyCost: usd(plan.monthly_cost) }, ms);
}
