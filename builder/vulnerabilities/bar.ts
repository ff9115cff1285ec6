import { AnnyError } from '../../operation/errors.ts';
import { runStep, warn } from '../../operation/step.ts';
import type { BakeContext } from '../bake-context.ts';
import { type Definition, own } from '../definition.ts';
import type { Contents } from '../papers/contents.ts';
import type { Known } from './answer.ts';
import { countBySeverity, type Finding, SEVERITIES, type Severity } from './finding.ts';
import { knownVulnerabilities } from './known.ts';
import { findingText, knownText } from './text.ts';

const MOST_SHOWN = 8;

export type Bar = Readonly<Partial<Record<Severity, number>>>;

/** The strictest of a chain; undefined where no definition has one. */
export function barOf(chain: readonly Definition[]): Bar | undefined {
  const bars = chain.flatMap(({ tests }) => tests.vulnerabilities?.max ?? []);
  if (bars.length === 0) return undefined;
  return Object.fromEntries(
    SEVERITIES.flatMap((severity) => {
      const limits = bars.flatMap((bar) => bar[severity] ?? []);
      return limits.length === 0 ? [] : [[severity, Math.min(...limits)] as const];
    }),
  );
}

/** What has a fix and is over the bar; what nobody has mended yet is nothing that a bake could do better. */
export function overBar(bar: Bar, known: Known): readonly Finding[] {
  if (known.kind === 'not checked') return [];
  const mendable = known.findings.filter(({ fixed }) => fixed !== null);
  const counts = countBySeverity(mendable);
  return mendable.filter(({ severity }) => (counts[severity] ?? 0) > (bar[severity] ?? Number.POSITIVE_INFINITY));
}

/** Holds an image to the bar of its chain. A tracker that does not answer is told, and fails nothing. */
export async function holdVulnerabilities(
  { operation, settings }: BakeContext,
  chain: readonly Definition[],
  contents: Contents | undefined,
): Promise<void> {
  const bar = barOf(chain);
  if (bar === undefined || contents === undefined) return;
  await runStep(operation, {
    name: 'known vulnerabilities',
    interruptible: true,
    run: async () => {
      const known = await knownVulnerabilities(
        { settings, nowMs: operation.clock.now(), network: 'when old' },
        contents,
      );
      if (known.kind === 'not checked') warn(operation, `known vulnerabilities are not checked: ${known.why}`);
      const over = overBar(bar, known);
      if (over.length > 0) throw refusal(own(chain), over, known);
      return known;
    },
    describe: knownText,
  });
}

function refusal(definition: Definition, over: readonly Finding[], known: Known): AnnyError {
  const more = over.length > MOST_SHOWN ? [`and ${over.length - MOST_SHOWN} more`] : [];
  return new AnnyError('IMAGE_TEST_FAILED', {
    doing: `looking for known vulnerabilities in ${definition.name}`,
    found: [knownText(known), ...over.slice(0, MOST_SHOWN).map(findingText), ...more].join('\n  '),
    next: `anny-image build ${definition.name} --refresh fetches newer packages; tests.vulnerabilities in ${definition.file} or its parents is the bar`,
  });
}
