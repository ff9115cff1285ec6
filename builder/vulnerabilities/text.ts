import type { Known } from './answer.ts';
import { countBySeverity, countsText, type Finding } from './finding.ts';

const MOST_SHOWN = 12;

/** One line: for `show`, and as the head of the list. */
export function knownText(known: Known): string {
  if (known.kind === 'not checked') return `not checked: ${known.why}`;
  const { findings, at, by, stale } = known;
  const fixed = findings.filter((one) => one.fixed !== null);
  const said = `as of ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} by ${new URL(by).host}`;
  const open = findings.length - fixed.length;
  return [
    `${countsText(countBySeverity(fixed))} with a fix${fixed.length === 0 ? '' : ' that the image lacks'}`,
    ...(open === 0
      ? []
      : [`${countsText(countBySeverity(findings.filter((one) => one.fixed === null)))} without one yet`]),
    said,
    ...(stale === undefined ? [] : [`which cannot be asked now: ${stale}`]),
  ].join('; ');
}

/** The whole of it; without `all`, those that nobody has mended yet are only counted. */
export function findingLines(known: Known, all: boolean): readonly string[] {
  if (known.kind === 'not checked') return [];
  const wanted = known.findings.filter(({ fixed }) => all || fixed !== null);
  const shown = all ? wanted : wanted.slice(0, MOST_SHOWN);
  const more = wanted.length - shown.length;
  return [...shown.map(findingText), ...(more === 0 ? [] : [`and ${more} more; --all names them`])];
}

export function findingText({ id, source, version, severity, fixed }: Finding): string {
  return `${severity.padEnd(10)} ${id.padEnd(16)} ${source} ${version}${fixed === null ? ', no fix yet' : ` -> ${fixed}`}`;
}
