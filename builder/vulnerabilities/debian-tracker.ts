import { z } from 'zod';
import type { Finding, Severity, SourcePackage } from './finding.ts';
import { compareVersions } from './version.ts';

/**
 * Debian's security tracker as one document: source package -> CVE -> "releases" -> codename -> status, and for what is resolved
 * "fixed_version", where "0" means that this release never had it. https://security-tracker.debian.org/tracker/data/json
 */
const entrySchema = z.object({
  status: z.enum(['open', 'resolved', 'undetermined']),
  urgency: z.string().default(''),
  fixed_version: z.string().optional(),
});
const issueSchema = z.object({ releases: z.record(z.string(), z.unknown()).default({}) });

/** What the tracker says of one release: what is kept of its document. */
export const releaseSchema = z.record(z.string(), z.record(z.string(), entrySchema));
export type Release = z.infer<typeof releaseSchema>;

/** undefined for a document that is not the tracker's. */
export function releaseIn(document: unknown, codename: string): Release | undefined {
  const sources = z.record(z.string(), z.record(z.string(), z.unknown())).safeParse(document).data;
  if (sources === undefined) return undefined;
  const release: Record<string, Release[string]> = {};
  for (const [source, issues] of Object.entries(sources)) {
    const known = Object.entries(issues).flatMap(([id, issue]) => {
      const entry = entrySchema.safeParse(issueSchema.safeParse(issue).data?.releases[codename]).data;
      return entry === undefined ? [] : [[id, entry] as const];
    });
    if (known.length > 0) release[source] = Object.fromEntries(known);
  }
  return Object.keys(release).length === 0 ? undefined : release;
}

export function findingsOf(release: Release, packages: readonly SourcePackage[]): readonly Finding[] {
  return packages.flatMap(({ source, version }) =>
    Object.entries(release[source] ?? {}).flatMap(([id, { status, urgency, fixed_version: fixed }]): Finding[] => {
      const finding = { id, source, version, severity: severityOf(urgency) };
      if (status !== 'resolved') return [{ ...finding, fixed: null }];
      const isMended = fixed === undefined || fixed === '0' || compareVersions(version, fixed) >= 0;
      return isMended ? [] : [{ ...finding, fixed }];
    }),
  );
}

/** "high**" is one that nobody can reach from afar. */
function severityOf(urgency: string): Severity {
  const word = urgency.replace(/\*+$/, '');
  if (word === 'high' || word === 'medium' || word === 'low') return word;
  return word === 'unimportant' ? 'negligible' : 'unknown';
}
