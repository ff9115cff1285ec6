import { expect, test } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { moneyText, usd } from './money.ts';
import { machineFor, pricesOf, snapshotMonth } from './prices.ts';

const PLAN = {
  ...{ id: 'vc2-1c-1gb', diskGb: 25, ramMb: 1024, vcpus: 1, regions: ['ewr'] },
  ...{ monthlyCost: usd(5), hourlyUsd: 0.007 },
};
const HOUR_MS = 3_600_000;

test('an hour that has begun is paid in full, and no month costs more than its price', () => {
  expect(moneyText(machineFor(PLAN, 24 * HOUR_MS))).toBe('$0.168');
  expect(moneyText(machineFor(PLAN, 60_000))).toBe('$0.007');
  expect(moneyText(machineFor(PLAN, 31 * 24 * HOUR_MS))).toBe('$5.00');
});

test('a price of an hour that is finer than what is paid is rounded once, in the product', () => {
  expect(moneyText(machineFor({ monthlyCost: usd(2.5), hourlyUsd: 0.0034 }, 100 * HOUR_MS))).toBe('$0.34');
  expect(moneyText(machineFor({ monthlyCost: usd(2.5), hourlyUsd: 0.0037 }, 100 * HOUR_MS))).toBe('$0.37');
});

test('a snapshot is paid by what is kept of it, at the price that the configuration names', () => {
  expect(moneyText(snapshotMonth(pricesOf(configSchema.parse({})), 2_000_000_000))).toBe('$0.10');
  const dearer = pricesOf(configSchema.parse({ prices: { snapshot_gb: 0.15 } }));
  expect(moneyText(snapshotMonth(dearer, 2_000_000_000))).toBe('$0.30');
});
