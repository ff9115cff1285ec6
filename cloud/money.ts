/** US dollars in whole tenths of a cent: sums are exact, and what is shown adds up. */
declare const brand: unique symbol;
export type Money = number & { readonly [brand]: 'tenths of a cent' };

const TENTHS_IN_DOLLAR = 1_000;

export const NOTHING = 0 as Money;

/** Of a decimal number, as the API and config.yaml have it: 0.007. */
export function usd(dollars: number): Money {
  return Math.round(dollars * TENTHS_IN_DOLLAR) as Money;
}

export function sum(amounts: readonly Money[]): Money {
  return amounts.reduce<number>((total, one) => total + one, 0) as Money;
}

export function times(amount: Money, count: number): Money {
  return Math.round(amount * count) as Money;
}

/** For JSON. One division of whole numbers: what is printed has three decimals at most. */
export function dollars(amount: Money): number {
  return amount / TENTHS_IN_DOLLAR;
}

/** "$5.00", "$0.007", "-$1.20" */
export function moneyText(amount: Money): string {
  const tenths = Math.abs(amount);
  const cents = String(Math.floor(tenths / 10) % 100).padStart(2, '0');
  const rest = tenths % 10 === 0 ? '' : String(tenths % 10);
  return `${amount < 0 ? '-' : ''}$${Math.floor(tenths / TENTHS_IN_DOLLAR)}.${cents}${rest}`;
}
