import pc from 'picocolors';
import { moneyText, usd } from '../../cloud/money.ts';
import { wrap } from '../../operation/wrap.ts';
import type { Bill, BilledItem } from './bill.ts';

const REASON_INDENT = 13;
const REASON_BLANKS = ' '.repeat(REASON_INDENT);

/** `cost` for people: what is paid for, why, and what need not be. */
export function billText(bill: Bill, columns: number): string {
  const { environment, items, monthlyUsd } = bill;
  const of = (whose: string): readonly BilledItem[] => items.filter((one) => one.environment === whose);
  const sections = [
    ...section(environment, of(environment), monthlyUsd.own, columns),
    ...section('images, shared by all environments', of(''), monthlyUsd.shared, columns),
    ...Object.entries(monthlyUsd.others).flatMap(([name, amount]) =>
      section(`${name}, another environment: not in the total`, of(name), amount, columns),
    ),
  ];
  return [...(items.length === 0 ? ['nothing of Anny is in this account', ''] : sections), ...totals(bill), ''].join(
    '\n',
  );
}

function section(title: string, items: readonly BilledItem[], amount: number, columns: number): string[] {
  if (items.length === 0) return [];
  const head = `${moneyText(usd(amount)).padStart(9)}  ${title}`;
  return [pc.bold(head), ...items.flatMap((one) => itemLines(one, columns)), ''];
}

/** What it is, and below that why it is there. */
function itemLines({ kind, name, what, why, monthlyUsd, remove }: BilledItem, columns: number): string[] {
  const price = (monthlyUsd === null ? '?' : moneyText(usd(monthlyUsd))).padStart(9);
  const line = `${price}  ${kind === 'snapshot' ? 'image' : kind} ${name}, ${what}`;
  const reason = wrap(why, columns, REASON_INDENT).map((part, index) =>
    index === 0 ? `${REASON_BLANKS}${part}` : part,
  );
  if (remove === null) return [line, ...reason.map((part) => pc.dim(part))];
  return [line, ...reason.map((part) => pc.yellow(part)), `${REASON_BLANKS}→ ${pc.cyan(remove)}`];
}

function totals({ environment, monthlyUsd, unpriced, hidden, pendingChargesUsd }: Bill): string[] {
  const row = (amount: number, what: string): string => `${moneyText(usd(amount)).padStart(9)}  ${what}`;
  return [
    pc.bold(row(monthlyUsd.total, `a month for ${environment} and the images`)),
    ...(monthlyUsd.removable === 0
      ? []
      : [pc.yellow(row(monthlyUsd.removable, 'a month of that is for what nothing needs'))]),
    ...(unpriced === 0 ? [] : [`${'?'.padStart(9)}  ${unpriced} without a known price: in no total`]),
    ...hidden.map((kind) => `${'?'.padStart(9)}  ${kind}: not visible to this key, in no total`),
    ...(pendingChargesUsd === null
      ? []
      : [row(pendingChargesUsd, 'so far this month for the whole account, as Vultr counts it')]),
  ];
}
