import { type Money, sum } from '../../cloud/money.ts';

/** One thing that the account is billed for. */
export interface Item {
  readonly kind: 'machine' | 'snapshot' | 'reserved IP' | 'object storage';
  readonly id: string;
  readonly name: string;
  /** "vc2-1c-1gb in ewr", "2.1 GB" */
  readonly what: string;
  /** Whose it is; "" for what all environments share. */
  readonly environment: string;
  /** Why it is there. */
  readonly why: string;
  /** undefined where nobody tells its price. */
  readonly monthly: Money | undefined;
  /** The command that takes it away; undefined for what something needs. */
  readonly remove: string | undefined;
}

/** Those of unknown price count as nothing: whoever shows a total says so. */
export function monthlyOf(items: readonly Item[]): Money {
  return sum(items.flatMap(({ monthly }) => monthly ?? []));
}

export function removable(items: readonly Item[]): readonly Item[] {
  return items.filter(({ remove }) => remove !== undefined);
}
