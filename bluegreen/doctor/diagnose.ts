import { accountFindings } from './account-findings.ts';
import { bySeverity, type Finding } from './finding.ts';
import { commandRunning, leaseFindings } from './lease-findings.ts';
import { machineFindings } from './machine-findings.ts';
import { nameFindings } from './name-findings.ts';
import type { Observations } from './observations.ts';
import { roleFindings } from './role-findings.ts';
import { safetyFindings } from './safety-findings.ts';
import { standbyFindings } from './standby-findings.ts';

/** What is not as it should be, the worst first. Pure: the same observations always mean the same. */
export function diagnose(seen: Observations): readonly Finding[] {
  return bySeverity([
    ...leaseFindings(seen),
    ...commandRunning(seen),
    ...roleFindings(seen),
    ...machineFindings(seen),
    ...nameFindings(seen),
    ...safetyFindings(seen),
    ...standbyFindings(seen),
    ...accountFindings(seen),
  ]);
}
