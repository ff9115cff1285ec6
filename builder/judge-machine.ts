import type { Shell } from '../machine/shell.ts';
import { AnnyError } from '../operation/errors.ts';
import { sideBySide } from '../operation/side-by-side.ts';
import { runStep } from '../operation/step.ts';
import type { BakeContext } from './bake-context.ts';
import { type CheckResult, checksScript, countChecks, placesOfChecks, readChecks } from './checks.ts';
import { cleanScript } from './clean.ts';
import { type Definition, own } from './definition.ts';
import { needleStream, needlesOf } from './needles.ts';
import { readHits, refuseHits, searchBooted, searchScript } from './secret-search.ts';

const CHECK_TIMEOUT_MS = 10 * 60_000;
const CLEAN_TIMEOUT_MS = 60 * 60_000;

/** What the chain says must hold: IMAGE_TEST_FAILED names all that does not. */
export async function testMachine(
  context: BakeContext,
  chain: readonly Definition[],
  shell: Shell,
  name: string,
): Promise<void> {
  await runStep(context.operation, {
    name,
    interruptible: true,
    run: async () => {
      const results = readChecks(await shell.run(checksScript(chain), { timeoutMs: CHECK_TIMEOUT_MS }));
      const bad = results.filter(({ ok }) => !ok);
      const missing = countChecks(chain) - results.length;
      const places = missing === 0 ? placesOfChecks(chain) : [];
      const placeOf = (check: CheckResult): string => {
        const place = places[results.indexOf(check)];
        return place === undefined ? '' : ` (${place})`;
      };
      if (bad.length === 0 && missing === 0) return results.length;
      const failures = [
        ...bad.map((check) => `${check.name}: ${check.found || 'does not hold'}${placeOf(check)}`),
        ...(missing === 0 ? [] : [`${missing} tests gave no answer`]),
      ];
      const several = `${bad.length + missing} of ${countChecks(chain)} do not hold:`;
      throw new AnnyError('IMAGE_TEST_FAILED', {
        doing: `testing what ${own(chain).name} must hold`,
        found: failures.length === 1 ? (failures[0] ?? '') : [several, ...failures].join('\n  '),
        next: `mend ${own(chain).file} or its templates; --on-error=keep leaves the machine for a look`,
      });
    },
    describe: (count) => `${count} hold`,
  });
}

/** Once this script has ended and its answer is on the way: its login is gone, so nobody could come back for it. */
const POWER_OFF_AFTERWARDS =
  '(tail --pid=$$ --sleep-interval=0.05 -f /dev/null; sleep 0.2; systemctl poweroff) >/dev/null 2>&1 </dev/null &';

/** One script, since the login that it came by is removed in it. */
export async function cleanAndSearch(context: BakeContext, chain: readonly Definition[], shell: Shell): Promise<void> {
  const needles = needlesOf(context.settings);
  await runStep(context.operation, {
    name: 'clean and search',
    detail: `for ${needles.length} pieces of secrets, and for keys`,
    interruptible: true,
    run: async () => {
      const output = await shell.run(
        `needles_in=$(cat)\n(${cleanScript(chain)})\nprintf '%s' "$needles_in" | (${searchScript()})\nsync\n${POWER_OFF_AFTERWARDS}`,
        { stdin: needleStream(needles), timeoutMs: CLEAN_TIMEOUT_MS },
      );
      refuseHits(readHits(output, needles, 'cleaned'));
    },
    describe: () => 'nothing found',
  });
}

/** Its tests again, and the search: on the machine that was booted from the image. */
export async function judgeTheBooted(context: BakeContext, chain: readonly Definition[], shell: Shell): Promise<void> {
  await sideBySide(context.operation, (operation) => [
    testMachine({ ...context, operation }, chain, shell, 'test the booted machine'),
    searchTheBooted({ ...context, operation }, shell),
  ]);
}

async function searchTheBooted({ operation, settings }: BakeContext, shell: Shell): Promise<void> {
  await runStep(operation, {
    name: 'search the booted machine',
    interruptible: true,
    run: () => searchBooted(shell, settings),
    describe: () => 'nothing found',
  });
}
