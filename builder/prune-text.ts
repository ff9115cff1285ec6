import { lineOf, sizeText } from './image-text.ts';
import { type PruneJudgement, savingOf } from './prune.ts';

export function pruneText(judged: readonly PruneJudgement[]): string {
  const goes = judged.filter(({ stays }) => stays === undefined).map(({ image }) => image);
  const stays = judged.filter((one) => one.stays !== undefined);
  const { bytes, monthlyUsd } = savingOf(goes);
  const last =
    goes.length === 0 ? 'nothing can go' : `frees ${sizeText(bytes)}, saves about $${monthlyUsd.toFixed(2)} a month`;
  return [
    ...goes.map((image) => `goes   ${lineOf(image)}`),
    ...stays.map(({ image, stays: reason }) => `stays  ${lineOf(image)}  ${reason}`),
    last,
    '',
  ].join('\n');
}
