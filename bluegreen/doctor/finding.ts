import { commandText, type ReleaseCommand } from '../command.ts';

/** Critical: users notice, or will at the next mishap. Warning: it will become that. Info: worth knowing, nothing to mend. */
export type Severity = 'critical' | 'warning' | 'info';

/** Something that is not as it should be, what that means, and what mends it. */
export interface Finding {
  /** Stable, for programs: "name-elsewhere". */
  readonly code: string;
  readonly severity: Severity;
  /** What is there instead, with the facts. */
  readonly found: string;
  /** What it means for whoever is woken by it. */
  readonly means: string;
  readonly repair: Repair;
}

/** `fix`: loses nothing, doctor --fix runs it. `decide`: could lose data, or is a choice. `look`: shows more, and changes nothing. */
export type Repair =
  | { readonly kind: 'fix'; readonly command: string; readonly action: RepairAction }
  | { readonly kind: 'decide' | 'look'; readonly command: string }
  | { readonly kind: 'none' };

/** What --fix runs: the data that the commands themselves are run from. */
export type RepairAction =
  | ReleaseCommand
  | { readonly kind: 'backup' }
  | { readonly kind: 'fence'; readonly release: string }
  | { readonly kind: 'stop'; readonly release: string }
  | { readonly kind: 'sweep'; readonly operation: string };

export function fix(action: RepairAction): Repair {
  return { kind: 'fix', command: repairText(action), action };
}

export function decide(command: string): Repair {
  return { kind: 'decide', command };
}

export function look(command: string): Repair {
  return { kind: 'look', command };
}

/** For what no command of ours may touch. */
export function destroyByHand(apiUrl: string, path: string): string {
  return `curl -fsS -X DELETE -H "Authorization: Bearer $VULTR_API_KEY" ${apiUrl}/${path}`;
}

export const NO_REPAIR: Repair = { kind: 'none' };

/** As it is typed. */
export function repairText(action: RepairAction): string {
  switch (action.kind) {
    case 'backup':
      return 'anny-bluegreen backup now';
    case 'fence':
    case 'stop':
      return `anny-bluegreen ssh ${action.release} -- sudo anny-box ${action.kind}`;
    case 'sweep':
      return `anny-image sweep ${action.operation}`;
    default:
      return commandText(action);
  }
}

const ORDER: readonly Severity[] = ['critical', 'warning', 'info'];

/** The worst first; within that, the order in which they are to be mended. */
export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

/** Informational ones do not count as something wrong. */
export function isWrong({ severity }: Finding): boolean {
  return severity !== 'info';
}
