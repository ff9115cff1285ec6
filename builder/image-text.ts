import { moneyText } from '../cloud/money.ts';
import { type Prices, snapshotMonth } from '../cloud/prices.ts';
import type { Image } from './catalog.ts';
import type { Input } from './digest.ts';
import type { Contents } from './papers/contents.ts';
import { durationOf, lynisOf, type Statement, secondsOf } from './papers/statement.ts';
import type { Vouched } from './papers/vouch.ts';
import { keptOf } from './prune.ts';
import type { Known } from './vulnerabilities/answer.ts';
import { findingLines, knownText } from './vulnerabilities/text.ts';

/** What `list` and `show` print. */

export function listText(images: readonly Image[], prices: Prices): string {
  if (images.length === 0) return 'no images; anny-image build makes one\n';
  const { bytes, monthly } = keptOf(images, prices);
  const count = images.length === 1 ? '1 image' : `${images.length} images`;
  return `${images.map(lineOf).join('\n')}\n${count}, ${sizeText(bytes)}, ${moneyText(monthly)} a month\n`;
}

export function lineOf(image: Image): string {
  const stage = image.complete ? image.stage : 'pending';
  const at = image.createdAt.slice(0, 16).replace('T', ' ');
  return `${image.name.padEnd(12)}  ${image.digest.slice(0, 12)}  ${stage.padEnd(9)}  ${at}  ${sizeText(image.storedBytes).padStart(8)}  ${image.snapshotId}`;
}

export function sizeText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

export function vouchedText(vouched: Vouched): string {
  switch (vouched.kind) {
    case 'signed':
      return `by ${vouched.by}; digest and snapshot are those that were signed`;
    case 'without papers':
      return 'NOT SIGNED: an earlier version of Anny baked it, or its papers were deleted';
    case 'wrong':
      return `WRONG: ${vouched.found}`;
  }
}

export interface Shown {
  readonly image: Image;
  readonly vouched: Vouched;
  readonly contents: Contents | undefined;
  readonly statement: Statement | undefined;
  readonly inputs: readonly Input[] | undefined;
  /** By what is kept here of the tracker. */
  readonly known: Known;
}

export function showText(shown: Shown, prices: Prices, all: boolean): string {
  const { image, vouched, contents, statement, inputs, known } = shown;
  const rows: [string, string][] = [
    ['digest', image.digest],
    ['parent', image.parent],
    [
      'size',
      `${(image.sizeBytes / 1024 ** 3).toFixed(0)} GB disk, ${sizeText(image.storedBytes)} kept, ${moneyText(snapshotMonth(prices, image.storedBytes))} a month`,
    ],
    ['signed', vouchedText(vouched)],
    ...(statement === undefined ? [] : statementRows(statement)),
    ...(contents === undefined ? [] : contentsRows(contents)),
    ['flaws', knownText(known)],
    ...(inputs === undefined ? [] : [['inputs', `${inputs.length}`] satisfies [string, string]]),
  ];
  return [
    lineOf(image),
    ...rows.map(([name, value]) => `${name.padEnd(9)} ${value}`),
    ...(all ? [...lists(contents, inputs), ...findingLines(known, true).map((line) => `  flaw     ${line}`)] : []),
    '',
  ].join('\n');
}

function statementRows(statement: Statement): [string, string][] {
  const { metadata, builder } = statement.predicate.runDetails;
  const longest = Object.entries(secondsOf(statement))
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([step, seconds]) => `${step} ${seconds} s`);
  const lynis = lynisOf(statement);
  return [
    [
      'baked',
      `by ${metadata.invocationId} with anny ${builder.version.anny ?? '?'}, in ${Math.round(durationOf(statement))} s (${longest.join(', ')})`,
    ],
    ...(lynis === undefined ? [] : [['lynis', `${lynis}`] satisfies [string, string]]),
  ];
}

function contentsRows({ system, architecture, packages, files, services, app }: Contents): [string, string][] {
  return [
    ['system', `${system.name}, ${architecture}`],
    ['packages', `${packages.length}`],
    ['files', `${files.length} of its own`],
    ['services', services.join(' ')],
    ...(app === null ? [] : [['app', `${app.reference} ${app.id}`] satisfies [string, string]]),
  ];
}

function lists(contents: Contents | undefined, inputs: readonly Input[] | undefined): string[] {
  return [
    ...(contents?.packages ?? []).map(({ name, version }) => `  package  ${name} ${version}`),
    ...(contents?.files ?? []).map(
      ({ path, sha256, mode, owner }) => `  file     ${sha256.slice(0, 12)} ${mode.padStart(4)} ${owner} ${path}`,
    ),
    ...(inputs ?? []).map(({ name, sha256 }) => `  input    ${sha256.slice(0, 12)} ${name}`),
  ];
}
