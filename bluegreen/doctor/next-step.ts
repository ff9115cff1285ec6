import { diagnose } from './diagnose.ts';
import { type Finding, isWrong } from './finding.ts';
import { commandRunning } from './lease-findings.ts';
import type { Observations } from './observations.ts';

export interface NextStep {
  readonly command: string;
  readonly why: string;
}

/** The one command that is sensible now: what the doctor would say first, or the next deploy. */
export function nextStep(seen: Observations): NextStep {
  for (const { repair, found } of diagnose(seen).filter(isUrgent)) {
    if (repair.kind !== 'none') return { command: repair.command, why: found };
  }
  for (const { repair, found } of commandRunning(seen)) {
    if (repair.kind !== 'none') return { command: repair.command, why: `${found}: wait for it` };
  }
  if (seen.situation.kind === 'empty') return { command: 'anny-bluegreen promote --build', why: 'nothing is live yet' };
  return { command: 'anny-image build && anny-bluegreen promote', why: 'all is well; this is the next deploy' };
}

/** A warning that only asks for a look does not keep anybody from the next deploy. */
function isUrgent(finding: Finding): boolean {
  if (!isWrong(finding)) return false;
  return finding.severity === 'critical' || finding.repair.kind === 'fix' || finding.repair.kind === 'decide';
}
