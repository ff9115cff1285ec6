import { type Money, moneyText, NOTHING, sum } from '../money.ts';
import type { Prices } from '../prices.ts';
import { type Declared, titleOf } from './declared.ts';

/** A month of one thing; keys, firewalls, zones, records and private networks cost nothing at Vultr. */
function monthOf({ kind }: Declared, prices: Prices): Money {
  switch (kind) {
    case 'reserved-ip':
      return prices.reservedIpMonth;
    case 'object-storage':
      return prices.objectStorageMonth;
    default:
      return NOTHING;
  }
}

export function foundationMonth(declared: readonly Declared[], prices: Prices): Money {
  return sum(declared.map((one) => monthOf(one, prices)));
}

export function foundationMonthText(declared: readonly Declared[], prices: Prices): string {
  const paid = declared.filter((one) => monthOf(one, prices) > 0);
  if (paid.length === 0) return 'as declared it costs nothing a month\n';
  const each = paid.map((one) => `${titleOf(one)} ${moneyText(monthOf(one, prices))}`);
  return `as declared it costs ${moneyText(foundationMonth(declared, prices))} a month: ${each.join(', ')}\n`;
}
