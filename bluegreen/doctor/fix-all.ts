import { AnnyError } from '../../operation/errors.ts';
import { type Finding, isWrong, type RepairAction } from './finding.ts';

export interface Fixing {
  look(): Promise<readonly Finding[]>;
  repair(action: RepairAction): Promise<void>;
}

export interface Fixed {
  /** Commands that were run and ended well. */
  readonly done: readonly string[];
  readonly failed: { readonly command: string; readonly error: AnnyError } | undefined;
  /** What is there afterwards. */
  readonly left: readonly Finding[];
}

/** Runs what loses nothing, one after the other, and looks again after each: one repair may have mended the next as well. */
export async function fixAll({ look, repair }: Fixing, before: readonly Finding[]): Promise<Fixed> {
  const done: string[] = [];
  let left = before;
  for (;;) {
    // What has been run and is still found needs time, or a person.
    const next = left.filter(isMendable).find((one) => one.repair.kind === 'fix' && !done.includes(one.repair.command));
    if (next?.repair.kind !== 'fix') return { done, failed: undefined, left };
    const { command, action } = next.repair;
    try {
      await repair(action);
    } catch (error) {
      if (!(error instanceof AnnyError)) throw error;
      return { done, failed: { command, error }, left: await look() };
    }
    done.push(command);
    left = await look();
  }
}

export function isMendable(finding: Finding): boolean {
  return isWrong(finding) && finding.repair.kind === 'fix';
}
