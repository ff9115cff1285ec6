import { moneyText } from '../cloud/money.ts';
import type { Prices } from '../cloud/prices.ts';
import { lineOf, sizeText } from './image-text.ts';
import { keptOf, type PruneJudgement } from './prune.ts';

export function pruneText(judged: readonly PruneJudgement[], prices: Prices): string {
  const goes = judged.filter(({ stays }) => stays === undefined);
  const stays = judged.filter((one) => one.stays !== undefined);
  const freed = keptOf(imagesOf(goes), prices);
  const left = keptOf(imagesOf(stays), prices);
  const whose = whoseColumn(judged);
  return [
    ...goes.map((one) => `goes   ${lineOf(one.image)}${whose(one)}`),
    ...stays.map((one) => `stays  ${lineOf(one.image)}${whose(one)}  ${one.stays}`),
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
  const width = Math.max(...[...names].map(({ length }) => length));
  return ({ environment = '?' }) => (names.size > 1 ? `  ${environment.padEnd(width)}` : '');
}
