import { parseYaml } from '../config/yaml-file.ts';
import type { Shell } from '../machine/shell.ts';
import { AnnyError } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import type { BakeContext } from './bake-context.ts';
import { type Definition, own } from './definition.ts';
import { placeIn } from './definition-problems.ts';

const TIMEOUT_MS = 15 * 60_000;
const MOST_SHOWN = 8;

/**
 * On the machine that was booted from the image and is destroyed afterwards: the image itself never has the tool in it.
 * Its report is "key=value" a line, "suggestion[]=TEST|what|…" among them.
 */
const SCRIPT = `export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends lynis >/dev/null
report=$(mktemp)
lynis audit system --quick --quiet --no-colors --report-file "$report" --logfile /dev/null >/dev/null 2>&1 || true
grep -E '^(hardening_index|warning\\[\\]|suggestion\\[\\])=' "$report"`;

/** How hardened a booted machine is by lynis, where its own definition has a bar for that; a lower index fails the bake. */
export async function measureHardening(
  { operation, settings }: BakeContext,
  chain: readonly Definition[],
  shell: Shell,
): Promise<number | undefined> {
  const { name, file, text, templates, tests } = own(chain);
  const bar = tests.hardening?.lynis;
  if (bar === undefined || !settings.config.image.hardening) return undefined;
  return runStep(operation, {
    name: 'hardening',
    detail: `lynis, at least ${bar}`,
    interruptible: true,
    run: async () => {
      const { index, advice } = await askLynis(shell);
      if (index >= bar) return index;
      throw new AnnyError('IMAGE_TEST_FAILED', {
        doing: `testing how hardened ${name} is`,
        found: [
          `${placeIn(parseYaml(text, file), ['tests', 'hardening'])}: lynis index ${index}, wanted at least ${bar}; it advises`,
          ...advice.slice(0, MOST_SHOWN),
        ].join('\n  '),
        next: `follow its advice in ${templates ?? file}, or set the bar lower`,
      });
    },
    describe: (index) => `index ${index}`,
  });
}

/** Also of a machine that has no definition. */
export async function measureIndex(shell: Shell): Promise<number> {
  return (await askLynis(shell)).index;
}

async function askLynis(shell: Shell): Promise<Report> {
  return readReport(await shell.run(SCRIPT, { timeoutMs: TIMEOUT_MS }));
}

interface Report {
  readonly index: number;
  readonly advice: readonly string[];
}

/** Warnings come before suggestions. */
export function readReport(report: string): Report {
  const values = (key: string): string[] =>
    report.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
  const index = Number(values('hardening_index')[0]);
  if (!Number.isFinite(index)) {
    throw new AnnyError('IMAGE_TEST_FAILED', {
      doing: 'reading the report of lynis',
      found: 'it has no hardening index',
      next: 'image.hardening: false in config.yaml leaves the check out until that is mended',
    });
  }
  const advice = [...values('warning[]'), ...values('suggestion[]')].flatMap((line) => {
    const [test, what] = line.split('|');
    // Of itself, such as that it is an old release.
    return test === 'LYNIS' ? [] : [`${test}: ${what}`];
  });
  return { index, advice };
}
