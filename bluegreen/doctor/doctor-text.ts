import pc from 'picocolors';
import { type Finding, isWrong, type Repair, type Severity } from './finding.ts';
import type { Fixed } from './fix-all.ts';

const SIGNS: Readonly<Record<Severity, (text: string) => string>> = {
  critical: (text) => `${pc.red('✖')} ${pc.bold(text)}`,
  warning: (text) => `${pc.yellow('!')} ${text}`,
  info: (text) => pc.dim(`· ${text}`),
};

/** `doctor` for people: the worst first, what each means, and one command. */
export function findingsText(findings: readonly Finding[]): string {
  const wrong = findings.filter(isWrong);
  const fixable = wrong.filter(({ repair }) => repair.kind === 'fix').length;
  const blocks = findings.map(({ severity, found, means, repair }) =>
    [
      SIGNS[severity](found),
      ...[means, repairText(repair)].filter((line) => line !== '').map((line) => `  ${line}`),
    ].join('\n'),
  );
  return `${[...blocks, summary(wrong.length, fixable)].join('\n\n')}\n`;
}

function repairText(repair: Repair): string {
  switch (repair.kind) {
    case 'fix':
      return `→ ${pc.cyan(repair.command)}`;
    case 'decide':
      return `→ ${pc.cyan(repair.command)}   ${pc.dim('your decision')}`;
    case 'look':
      return `→ ${pc.cyan(repair.command)}   ${pc.dim('shows more')}`;
    case 'none':
      return '';
  }
}

function summary(wrong: number, fixable: number): string {
  if (wrong === 0) return `${pc.green('✔')} nothing is wrong`;
  const things = `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong`;
  if (fixable === 0) return `${things}; none of it can be mended without you`;
  const which = fixable === wrong ? 'mends' : `mends ${fixable} of them`;
  return `${things}; ${pc.cyan('anny-bluegreen doctor --fix')} ${which}`;
}

export function fixedText({ done, failed, left }: Fixed): string {
  return [
    ...done.map((command) => `${pc.green('✔')} ${command}\n`),
    ...(failed === undefined
      ? []
      : [
          `${pc.red('✖')} ${failed.command}\n  ${failed.error.doing}: ${failed.error.found}\n  next: ${failed.error.next}\n`,
        ]),
    ...(done.length > 0 || failed !== undefined ? ['\n'] : []),
    findingsText(left),
  ].join('');
}
