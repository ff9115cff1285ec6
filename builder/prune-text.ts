import { moneyText } from '../cloud/money.ts';
import type { Prices } from '../cloud/prices.ts';
import { lineOf, sizeText } from './image-text.ts';
import { keptOf, type PruneJudgement } from './prune.ts';

export function pruneText(judged: readonly PruneJudgement[], prices: Prices): string {
  const goes = judged.filter((one) => one.stays === undefined).map(({ image }) => image);
  const stays = judged.filter((one) => one.stays !== undefined);
  const freed = keptOf(goes, prices);
  const left = keptOf(
    stays.map(({ image }) => image),
    prices,
  );
  return [
    ...goes.map((image) => `goes   ${lineOf(image)}`),
    ...stays.map(({ image, stays: reason }) => `stays  ${lineOf(image)}  ${reason}`),
    goes.length === 0 ? 'nothing can go' : `frees ${sizeText(freed.bytes)}, saves ${moneyText(freed.monthly)} a month`,
    ...(stays.length === 0 ? [] : [`what stays, ${sizeText(left.bytes)}, costs ${moneyText(left.monthly)} a month`]),
    '',
  ].join('\n');
}
