import type { Contents } from '../papers/contents.ts';

/** The worst first. "unknown": whoever keeps the tracker has not said yet. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A known vulnerability of a source package, in the version that an image has. */
export interface Finding {
  /** "CVE-2024-6387" */
  readonly id: string;
  readonly source: string;
  readonly version: string;
  readonly severity: Severity;
  /** The version of the distribution in which it is mended; null where there is none yet. */
  readonly fixed: string | null;
}

/** What trackers know packages by. */
export interface SourcePackage {
  readonly source: string;
  readonly version: string;
}

/** Each once: of one source there are many packages. */
export function sourcePackagesOf({ packages }: Pick<Contents, 'packages'>): readonly SourcePackage[] {
  const all = packages.map((one) => asTracked(one.source, one.source_version ?? one.version));
  const byName = new Map(all.map((one) => [`${one.source} ${one.version}`, one]));
  return [...byName.values()].sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : 0));
}

/** A signed kernel is built from another source, whose version is that of the kernel with "+1" for "-1". */
function asTracked(source: string, version: string): SourcePackage {
  return /^linux-signed(-\w+)?$/.test(source)
    ? { source: 'linux', version: version.replace(/\+(\d+)$/, '-$1') }
    : { source, version };
}

/** Those that can be mended first, then the worst. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({ fixed, severity }: Finding): number =>
    (fixed === null ? SEVERITIES.length : 0) + SEVERITIES.indexOf(severity);
  return [...findings].sort(
    (a, b) => rank(a) - rank(b) || a.source.localeCompare(b.source, 'en') || a.id.localeCompare(b.id, 'en'),
  );
}

export type Counts = Readonly<Partial<Record<Severity, number>>>;

export function countBySeverity(findings: readonly Finding[]): Counts {
  return Object.fromEntries(
    SEVERITIES.flatMap((severity) => {
      const count = findings.filter((one) => one.severity === severity).length;
      return count === 0 ? [] : [[severity, count] as const];
    }),
  );
}

/** "1 high, 3 low" */
export function countsText(counts: Counts): string {
  const parts = SEVERITIES.flatMap((severity) =>
    counts[severity] === undefined ? [] : [`${counts[severity]} ${severity}`],
  );
  return parts.join(', ') || 'none';
}
