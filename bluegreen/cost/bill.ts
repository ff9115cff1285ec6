import { dollars, type Money } from '../../cloud/money.ts';
import { type Item, monthlyOf, removable } from './item.ts';

/** What an account costs a month, whose that is, and what of it nothing needs. `--json` prints it as it is. */
export interface Bill {
  readonly environment: string;
  readonly items: readonly BilledItem[];
  readonly monthlyUsd: {
    /** Of this environment. */
    readonly own: number;
    /** Of all environments together: images. */
    readonly shared: number;
    readonly others: Readonly<Record<string, number>>;
    /** Own and shared. */
    readonly total: number;
    /** Of own and shared, what the items' commands take away. */
    readonly removable: number;
  };
  /** Things whose price nobody tells: no total holds them. */
  readonly unpriced: number;
  /** Kinds of things that the key may not see: no total holds them. */
  readonly hidden: readonly string[];
  /** What the account says that this month has cost so far, everything in it; null where it was not asked. */
  readonly pendingChargesUsd: number | null;
}

export interface BilledItem extends Omit<Item, 'monthly' | 'remove'> {
  readonly monthlyUsd: number | null;
  readonly remove: string | null;
}

/** A key of its own for things that name no environment. */
const SHARED = '';

export interface Besides {
  readonly pending?: Money;
  readonly hidden?: readonly string[];
}

export function billOf(environment: string, items: readonly Item[], { pending, hidden = [] }: Besides = {}): Bill {
  const of = (whose: string): readonly Item[] => items.filter((one) => one.environment === whose);
  const ours = [...of(environment), ...of(SHARED)];
  const others = [...new Set(items.map((one) => one.environment))].filter(
    (one) => ![environment, SHARED].includes(one),
  );
  return {
    environment,
    items: items.map(({ monthly, remove, ...rest }) => ({
      ...rest,
      monthlyUsd: monthly === undefined ? null : dollars(monthly),
      remove: remove ?? null,
    })),
    monthlyUsd: {
      own: dollars(monthlyOf(of(environment))),
      shared: dollars(monthlyOf(of(SHARED))),
      others: Object.fromEntries(others.sort().map((one) => [one, dollars(monthlyOf(of(one)))])),
      total: dollars(monthlyOf(ours)),
      removable: dollars(monthlyOf(removable(ours))),
    },
    unpriced: items.filter(({ monthly }) => monthly === undefined).length,
    hidden,
    pendingChargesUsd: pending === undefined ? null : dollars(pending),
  };
}
