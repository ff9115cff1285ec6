import type { Shell } from '../machine/shell.ts';
import { AnnyError } from '../operation/errors.ts';
import { sideBySide } from '../operation/side-by-side.ts';
import { runStep } from '../operation/step.ts';
import type { BakeContext } from './bake-context.ts';
import { type CheckResult, checksScript, countChecks, placesOfChecks, readChecks } from './checks.ts';
import { cleanScript } from './clean.ts';
import { type Definition, own } from './definition.ts';
import { needleStream, needlesOf } from './needles.ts';
import { readBegan, readHits, refuseHits, searchBooted, searchScript } from './secret-search.ts';

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

export interface Cleaning {
  readonly chain: readonly Definition[];
  /** What the machine was made from was searched for the same, so that only what has changed since is left to be searched. */
  readonly searchedBelow: boolean;
}

/**
 * One script, since the login that it came by is removed in it.
 * @returns When the search began, by the machine's own clock: seconds since 1970.
 */
export async function cleanAndSearch(
  context: BakeContext,
  { chain, searchedBelow }: Cleaning,
  shell: Shell,
): Promise<string> {
  const needles = needlesOf(context.settings);
  const search = searchScript(searchedBelow ? { changed: {} } : {});
  return runStep(context.operation, {
    name: 'clean and search',
    detail: `${searchedBelow ? 'what has changed, ' : ''}for ${needles.length} pieces of secrets, and for keys`,
    interruptible: true,
    run: async () => {
      const output = await shell.run(
        `needles_in=$(cat)\n(${cleanScript(chain)})\nprintf '%s' "$needles_in" | (${search})\n${POWER_OFF_AFTERWARDS}`,
        { stdin: needleStream(needles), timeoutMs: CLEAN_TIMEOUT_MS },
      );
      refuseHits(readHits(output, needles, 'cleaned'));
      return readBegan(output);
    },
    describe: () => 'nothing found',
  });
}

/** Its tests again, and the search of what has come since the one before: on the machine that was booted from the image. */
export async function judgeTheBooted(
  context: BakeContext,
  { chain, searchedAt }: { readonly chain: readonly Definition[]; readonly searchedAt: string },
  shell: Shell,
): Promise<void> {
  await sideBySide(context.operation, (operation) => [
    testMachine({ ...context, operation }, chain, shell, 'test the booted machine'),
    searchTheBooted({ ...context, operation }, searchedAt, shell),
  ]);
}

async function searchTheBooted({ operation, settings }: BakeContext, searchedAt: string, shell: Shell): Promise<void> {
  await runStep(operation, {
    name: 'search the booted machine',
    detail: 'what has changed since',
    interruptible: true,
    run: () => searchBooted(shell, settings, { changed: { searchedAt } }),
    describe: () => 'nothing found',
  });
}
