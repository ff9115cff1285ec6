import { describe, expect, test } from 'vitest';
import { usd } from '../../cloud/money.ts';
import { answering, IMAGE, seen } from '../../test/simulation/example-releases.ts';
import { planPromote } from '../plan-promote.ts';
import { planRollback } from '../plan-rollback.ts';
import type { Answering } from '../release.ts';
import { judge } from '../situation.ts';
import { type CostFacts, planCost, planCostText } from './plan-cost.ts';

const SMALL = { id: 'p', diskGb: 25, ramMb: 1024, vcpus: 1, regions: [], monthlyCost: usd(5), hourlyUsd: 0.007 };
const LARGE = { ...SMALL, id: 'q', monthlyCost: usd(10), hourlyUsd: 0.014 };
const DAY_MS = 86_400_000;

function costOf(machines: readonly Answering[], besides: Partial<CostFacts> = {}, again = false) {
  const plan = planPromote(judge(seen(machines)), { image: IMAGE, again });
  return planCost(plan, { ...FACTS, machines, ...besides });
}
const FACTS: CostFacts = { machines: [], plans: [SMALL, LARGE], planOfNew: 'p', standbyWindowMs: DAY_MS };

describe('the cost of a plan', () => {
  test('of a first release is that of one machine, and nothing stays for a way back', () => {
    expect(costOf([])).toEqual({ nowMonthlyUsd: 0, thenMonthlyUsd: 5, standby: null });
  });

  test('of a promote holds both machines, each by its own plan, and the window of the old one', () => {
    const cost = costOf([answering(1, 'writer')], { planOfNew: 'q' });
    expect(cost).toMatchObject({
      nowMonthlyUsd: 5,
      thenMonthlyUsd: 15,
      standby: { windowUsd: 0.168, hourlyUsd: 0.007 },
    });
    expect(cost && planCostText(cost).join('\n')).toMatch(
      /\$5\.00 a month now, \$15\.00 then[\s\S]*without it again: \$10\.00/,
    );
  });

  test('counts a candidate that is used once, and what is cleared no more', () => {
    const fits = answering(2, 'candidate', {}, { image: IMAGE.digest.slice(0, 12), stage: 'candidate' });
    const old = answering(3, 'candidate', {}, { stage: 'candidate' });
    expect(costOf([answering(1, 'writer'), fits, old])).toMatchObject({ nowMonthlyUsd: 15, thenMonthlyUsd: 10 });
  });

  test('of a rollback changes nothing but who is the standby', () => {
    const machines = [answering(2, 'writer'), answering(1, 'relay', { relayTo: '10.0.0.2' })];
    const plan = planRollback(judge(seen(machines)), { to: undefined, loseWrites: false, nowSeconds: 0 });
    expect(planCost(plan, { ...FACTS, machines })).toMatchObject({
      ...{ nowMonthlyUsd: 10, thenMonthlyUsd: 10 },
      standby: { release: 'green-2', monthlyUsd: 5 },
    });
  });

  test('is not guessed where the account does not tell a price', () => {
    expect(costOf([answering(1, 'writer')], { planOfNew: 'gone' })).toBeUndefined();
    expect(costOf([answering(1, 'writer')], { plans: [LARGE], planOfNew: 'q' })).toBeUndefined();
  });
});
