import pc from 'picocolors';
import { moneyText, usd } from '../../cloud/money.ts';
import type { Bill, BilledItem } from './bill.ts';

/** `cost` for people: what is paid for, why, and what need not be. */
export function billText(bill: Bill): string {
  const { environment, items, monthlyUsd } = bill;
  const of = (whose: string): readonly BilledItem[] => items.filter((one) => one.environment === whose);
  const sections = [
    ...section(environment, of(environment), monthlyUsd.own),
    ...section('images, shared by all environments', of(''), monthlyUsd.shared),
    ...Object.entries(monthlyUsd.others).flatMap(([name, amount]) =>
      section(`${name}, another environment: not in the total`, of(name), amount),
    ),
  ];
  return [...(items.length === 0 ? ['nothing of Anny is in this account', ''] : sections), ...totals(bill), ''].join(
    '\n',
  );
}

function section(title: string, items: readonly BilledItem[], amount: number): string[] {
  if (items.length === 0) return [];
  const head = `${moneyText(usd(amount)).padStart(9)}  ${title}`;
  return [pc.bold(head), ...items.flatMap(itemLines), ''];
}

/** Two lines at most, of which none is wider than a narrow screen where the reason is not. */
function itemLines({ kind, name, what, why, monthlyUsd, remove }: BilledItem): string[] {
  const price = (monthlyUsd === null ? '?' : moneyText(usd(monthlyUsd))).padStart(9);
  const line = `${price}  ${kind === 'snapshot' ? 'image' : kind} ${name}, ${what}`;
  const reason = `${' '.repeat(13)}${why}`;
  if (remove === null) return [line, pc.dim(reason)];
  return [line, `${pc.yellow(reason)} → ${pc.cyan(remove)}`];
}

function totals({ environment, monthlyUsd, unpriced, pendingChargesUsd }: Bill): string[] {
  const row = (amount: number, what: string): string => `${moneyText(usd(amount)).padStart(9)}  ${what}`;
  return [
    pc.bold(row(monthlyUsd.total, `a month for ${environment} and the images`)),
    ...(monthlyUsd.removable === 0
      ? []
      : [pc.yellow(row(monthlyUsd.removable, 'a month of that is for what nothing needs'))]),
    ...(unpriced === 0 ? [] : [`${'?'.padStart(9)}  ${unpriced} without a known price: in no total`]),
    ...(pendingChargesUsd === null
      ? []
      : [row(pendingChargesUsd, 'so far this month for the whole account, as Vultr counts it')]),
  ];
}
