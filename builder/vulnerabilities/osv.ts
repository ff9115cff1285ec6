import { z } from 'zod';
import { type Finding, SEVERITIES, type Severity, type SourcePackage } from './finding.ts';
import { compareVersions } from './version.ts';

/** Records of Ubuntu as an OSV server has them: https://google.github.io/osv.dev/api/, https://ossf.github.io/osv-schema/. */

export const batchSchema = z.object({
  results: z.array(
    z.object({
      vulns: z.array(z.object({ id: z.string(), modified: z.string() })).default([]),
      next_page_token: z.string().optional(),
    }),
  ),
});

export const recordSchema = z.object({
  id: z.string(),
  modified: z.string(),
  withdrawn: z.string().optional(),
  upstream: z.array(z.string()).default([]),
  severity: z.array(z.object({ type: z.string(), score: z.string() })).default([]),
  affected: z
    .array(
      z.object({
        package: z.object({ name: z.string(), ecosystem: z.string() }),
        ranges: z.array(z.object({ type: z.string(), events: z.array(z.record(z.string(), z.string())) })).default([]),
      }),
    )
    .default([]),
});
export type OsvRecord = z.infer<typeof recordSchema>;

/** "Ubuntu:24.04:LTS" */
export function ecosystemOf(version: string): string {
  const isLts = /^\d*[02468]\.04$/.test(version);
  return `Ubuntu:${version}${isLts ? ':LTS' : ''}`;
}

/** Notices (USN-…) tell of the same holes a second time. */
export function isOfCve(id: string): boolean {
  return id.startsWith('UBUNTU-CVE-');
}

export function findingsOf(
  records: readonly OsvRecord[],
  ecosystem: string,
  packages: readonly SourcePackage[],
): readonly Finding[] {
  const known = records.filter(({ withdrawn }) => withdrawn === undefined);
  return packages.flatMap(({ source, version }) =>
    known.flatMap((record): Finding[] => {
      const ranges = record.affected
        .filter((one) => one.package.name === source && one.package.ecosystem === ecosystem)
        .flatMap((one) => one.ranges);
      const hit = ranges.map(({ events }) => reached(events, version)).find((one) => one !== undefined);
      if (hit === undefined) return [];
      const id = record.upstream.find((one) => one.startsWith('CVE-')) ?? record.id.replace(/^UBUNTU-/, '');
      return [{ id, source, version, severity: severityOf(record), fixed: hit.fixed }];
    }),
  );
}

/** Events in their order: from "introduced" on a version has it, until before "fixed". */
function reached(
  events: readonly Readonly<Record<string, string>>[],
  version: string,
): { readonly fixed: string | null } | undefined {
  let open = false;
  for (const { introduced, fixed } of events) {
    if (introduced !== undefined) open = introduced === '0' || compareVersions(version, introduced) >= 0;
    if (fixed === undefined || !open) continue;
    if (compareVersions(version, fixed) < 0) return { fixed };
    open = false;
  }
  return open ? { fixed: null } : undefined;
}

function severityOf({ severity }: OsvRecord): Severity {
  const word = severity.find(({ type }) => type === 'Ubuntu')?.score;
  return SEVERITIES.find((one) => one === word) ?? 'unknown';
}
