import { describe, expect, test } from 'vitest';
import { dollars, type Money, moneyText, NOTHING, sum, times, usd } from './money.ts';

describe('money', () => {
  test('adds up exactly, where floating numbers do not', () => {
    expect(0.1 + 0.2).not.toBe(0.3);
    expect(dollars(sum([usd(0.1), usd(0.2)]))).toBe(0.3);
    expect(dollars(sum(Array.from({ length: 1_000 }, () => usd(0.007))))).toBe(7);
  });

  test('never shows or prints more than tenths of a cent', () => {
    for (let tenths = 0; tenths <= 20_000; tenths += 1) {
      expect(JSON.stringify(dollars(tenths as Money))).toMatch(/^\d+(\.\d{1,3})?$/);
    }
  });

  test.for([
    [5, '$5.00'],
    [0.007, '$0.007'],
    [0.1, '$0.10'],
    [1234.5, '$1234.50'],
    [-60.25, '-$60.25'],
    [4.9999, '$5.00'],
    [0, '$0.00'],
  ] as const)('%f is %s', ([amount, text]) => {
    expect(moneyText(usd(amount))).toBe(text);
  });

  test('of nothing is nothing, and times rounds to tenths of a cent', () => {
    expect(sum([])).toBe(NOTHING);
    expect(moneyText(times(usd(0.007), 24))).toBe('$0.168');
    expect(moneyText(times(usd(0.05), 2.13))).toBe('$0.107');
  });
});
