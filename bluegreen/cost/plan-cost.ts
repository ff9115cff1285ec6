import type { Plan as MachinePlan } from '../../cloud/cloud.ts';
import { dollars, type Money, moneyText, sum, usd } from '../../cloud/money.ts';
import { machineFor } from '../../cloud/prices.ts';
import { age } from '../age.ts';
import type { Plan } from '../plan.ts';
import type { Release } from '../release.ts';

/** What carrying a plan out does to the bill for machines. */
export interface PlanCost {
  /** The releases of this environment as they are. */
  readonly nowMonthlyUsd: number;
  /** Once it is carried out, with the old machine as standby. */
  readonly thenMonthlyUsd: number;
  /** The machine that served, until it is retired; null where none stays for the way back. */
  readonly standby: StandbyCost | null;
}

interface StandbyCost {
  readonly release: string;
  readonly hourlyUsd: number;
  readonly windowSeconds: number;
  readonly windowUsd: number;
  readonly monthlyUsd: number;
}

export interface CostFacts {
  /** Releases of this environment. */
  readonly machines: readonly Release[];
  readonly plans: readonly MachinePlan[];
  /** The plan that a new machine gets. */
  readonly planOfNew: string;
  readonly standbyWindowMs: number;
}

/** undefined where the account does not tell the price of one of the machines. */
export function planCost(plan: Plan, facts: CostFacts): PlanCost | undefined {
  const then = [...plansThen(plan, facts), ...plansOfNew(plan, facts)];
  const [now, later] = [facts.machines.map(planOf), then].map((ids) => monthlyOf(ids, facts.plans));
  if (now === undefined || later === undefined) return undefined;
  return { nowMonthlyUsd: dollars(now), thenMonthlyUsd: dollars(later), standby: standbyCost(plan, facts) };
}

function planOf({ instance }: Release): string {
  return instance.plan;
}

/** Of the machines that are there already, and stay. */
function plansThen(plan: Plan, { machines }: CostFacts): readonly string[] {
  const cleared = 'clear' in plan ? plan.clear.map(({ tags }) => tags.release) : [];
  return machines.filter(({ tags }) => !cleared.includes(tags.release)).map(planOf);
}

function plansOfNew(plan: Plan, { planOfNew }: CostFacts): readonly string[] {
  return 'reuse' in plan && plan.reuse === undefined ? [planOfNew] : [];
}

function monthlyOf(ids: readonly string[], plans: readonly MachinePlan[]): Money | undefined {
  const costs = ids.map((id) => plans.find((one) => one.id === id)?.monthlyCost);
  const known = costs.filter((cost) => cost !== undefined);
  return known.length === costs.length ? sum(known) : undefined;
}

function standbyCost(plan: Plan, { plans, standbyWindowMs }: CostFacts): StandbyCost | null {
  if (plan.action !== 'promote' && plan.action !== 'rollback') return null;
  const price = plans.find(({ id }) => id === plan.from.instance.plan);
  if (price === undefined) return null;
  return {
    release: plan.from.tags.release,
    hourlyUsd: dollars(usd(price.hourlyUsd)),
    windowSeconds: standbyWindowMs / 1000,
    windowUsd: dollars(machineFor(price, standbyWindowMs)),
    monthlyUsd: dollars(price.monthlyCost),
  };
}

/** Lines of `plan`. */
export function planCostText({ nowMonthlyUsd, thenMonthlyUsd, standby }: PlanCost): readonly string[] {
  const text = (amount: number): string => moneyText(usd(amount));
  if (nowMonthlyUsd === thenMonthlyUsd && standby === null)
    return [`cost: ${text(nowMonthlyUsd)} a month, as it is now`];
  const change = `cost: ${text(nowMonthlyUsd)} a month now, ${text(thenMonthlyUsd)} then`;
  if (standby === null) return [change];
  const { release, hourlyUsd, windowSeconds, windowUsd, monthlyUsd } = standby;
  return [
    change,
    `  ${release} stays for the way back: ${text(windowUsd)} in its window of ${age(windowSeconds)} (${text(hourlyUsd)} an hour)`,
    `  without it again: ${text(thenMonthlyUsd - monthlyUsd)} a month`,
  ];
}
