import pc from 'picocolors';
import { wrap } from '../../operation/wrap.ts';
import type { Result, Seen } from './check.ts';

const SIGNS: Readonly<Record<Seen['state'], string>> = {
  blocks: pc.red('✖'),
  unknown: pc.yellow('?'),
  warning: pc.yellow('!'),
  ok: pc.green('✔'),
};
const ORDER: readonly Seen['state'][] = ['blocks', 'unknown', 'warning', 'ok'];

/** What blocks comes first, each with its fix; what is in order takes a line. */
export function preflightText(results: readonly Result[], columns: number): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const sorted = ORDER.flatMap((state) => joined(results.filter((one) => one.state === state)));
  const lines = sorted.flatMap((one, index) => {
    const opens = one.state === 'ok' && index > 0 && sorted[index - 1]?.state !== 'ok' ? [''] : [];
    return [...opens, ...resultLines(one, width, columns)];
  });
  return [...lines, '', summary(results), ''].join('\n');
}

/** What could not be looked at for one reason takes one entry, under the first name. */
function joined(results: readonly Result[]): readonly Result[] {
  return results.flatMap((one) => {
    const alike = results.filter(({ state, found }) => state === 'unknown' && found === one.found);
    if (alike.length < 2) return [one];
    if (alike[0] !== one) return [];
    const others = alike.slice(1).map(({ name }) => name);
    return [{ ...one, found: `${one.found}; nor were ${others.join(', ')}` }];
  });
}

function resultLines(result: Result, width: number, columns: number): readonly string[] {
  const indent = width + 4;
  const [first = '', ...rest] = wrap(result.found, columns, indent);
  const head = `${SIGNS[result.state]} ${result.name.padEnd(width)}  ${first}`;
  if (result.state === 'ok') return [head, ...rest];
  const [next = '', ...more] = wrap(result.next, columns, indent + 2);
  return [pc.bold(head), ...rest, `${' '.repeat(indent)}→ ${pc.cyan(next)}`, ...more.map((line) => pc.cyan(line))];
}

function summary(results: readonly Result[]): string {
  const count = (state: Seen['state']): number => results.filter((one) => one.state === state).length;
  const said = [
    ...(count('blocks') === 0
      ? []
      : [pc.red(`${count('blocks')} ${count('blocks') === 1 ? 'blocks' : 'block'} a promote`)]),
    ...(count('unknown') === 0 ? [] : [`${count('unknown')} could not be looked at`]),
    ...(count('warning') === 0 ? [] : [`${count('warning')} to know of`]),
    `${count('ok')} in order`,
  ].join(', ');
  return said;
}
