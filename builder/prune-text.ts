import { moneyText } from '../cloud/money.ts';
import type { Prices } from '../cloud/prices.ts';
import { wrap } from '../operation/wrap.ts';
import { lineOf, sizeText } from './image-text.ts';
import { keptOf, type PruneJudgement } from './prune.ts';

const REASON_INDENT = 7;

/** One line for each, and below it why it stays. */
export function pruneText(judged: readonly PruneJudgement[], prices: Prices, columns: number): string {
  const goes = judged.filter(({ stays }) => stays === undefined);
  const stays = judged.filter((one) => one.stays !== undefined);
  const freed = keptOf(imagesOf(goes), prices);
  const left = keptOf(imagesOf(stays), prices);
  const whose = whoseColumn(judged);
  return [
    ...goes.map((one) => `goes   ${lineOf(one.image)}${whose(one)}`),
    ...stays.flatMap((one) => [
      `stays  ${lineOf(one.image)}${whose(one)}`,
      `${' '.repeat(REASON_INDENT)}${wrap(one.stays ?? '', columns, REASON_INDENT).join('\n')}`,
    ]),
    goes.length === 0 ? 'nothing can go' : `frees ${sizeText(freed.bytes)}, saves ${moneyText(freed.monthly)} a month`,
    ...(stays.length === 0 ? [] : [`what stays, ${sizeText(left.bytes)}, costs ${moneyText(left.monthly)} a month`]),
    '',
  ].join('\n');
}

function imagesOf(judged: readonly PruneJudgement[]) {
  return judged.map(({ image }) => image);
}

/** Where all are of one environment, nobody needs to be told. */
function whoseColumn(judged: readonly PruneJudgement[]): (one: PruneJudgement) => string {
  // One that is not tested has no papers yet.
  const tested = judged.filter(({ image }) => image.stage === 'tested');
  const names = new Set(tested.map(({ environment = '?' }) => environment));
  return ({ environment = '?' }) => (names.size > 1 ? `  ${environment}` : '');
}
