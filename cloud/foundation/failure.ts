import { AnnyError } from '../../operation/errors.ts';
import { type Place, pulumiLine } from './place.ts';

export const HOW_TO_UNPROTECT =
  'while it is still declared, set infra.foundation.protect to false and run anny-infra up; then drop or destroy it (a domain takes all its records along)';

/** As the engine refuses to delete, to replace, and to replace along with another. */
const PROTECTED =
  /resource "[^"]*::([\w.-]+)"\s(?:cannot be deleted\s+because it is protected|as part of replacing|as it is currently marked for protection)/g;

export interface Failed {
  readonly doing: string;
  /** What the engine's events said is wrong. */
  readonly problems: readonly string[];
  readonly interrupted: boolean;
  /** Resources may have been made or changed by then. */
  readonly changes: boolean;
  readonly mask: (text: string) => string;
}

/** What the engine failed with, in an operator's words. */
export function engineFailure(error: unknown, place: Place, failed: Failed): AnnyError {
  const raw = error instanceof Error ? error.message : String(error);
  const said = failed.mask([...failed.problems, raw].join('\n'));
  const found = failed.problems.length > 0 ? failed.mask([...new Set(failed.problems)].join('; ')) : lastLines(said);
  const parts = { doing: failed.doing, cause: error };
  if (failed.interrupted) {
    const next = `anny-infra preview says what is left to do; if it says that the stack is locked: ${pulumiLine(place, 'cancel')}`;
    return new AnnyError(failed.changes ? 'UNFINISHED' : 'INTERRUPTED', { ...parts, found: 'you stopped it', next });
  }
  if (/currently locked by|Another update is currently in progress/.test(said)) {
    return new AnnyError('LEASE_HELD', {
      ...parts,
      found: 'somebody else is at work on this foundation, or was cut off',
      next: `wait; if it was cut off: ${pulumiLine(place, 'cancel')}`,
    });
  }
  if (/incorrect passphrase|passphrase must be set|decrypt/i.test(said)) {
    return new AnnyError('CONFIG_INVALID', {
      ...parts,
      found: 'PULUMI_CONFIG_PASSPHRASE is not the one that this state was made with',
      next: `put that one into .env; if it is lost, ${pulumiLine(place, 'stack rm --force')} forgets the state, and anny-infra import adopts what is there`,
    });
  }
  const kept = [...said.matchAll(PROTECTED)].map(([, name]) => name);
  if (kept.length > 0) {
    const what = `it would destroy what is protected: ${[...new Set(kept)].join(', ')}`;
    return new AnnyError('REFUSED', { ...parts, found: what, next: HOW_TO_UNPROTECT });
  }
  if (/plugin|download/i.test(said) && /vultr/.test(said) && failed.problems.length === 0) {
    return new AnnyError('ENGINE_MISSING', {
      ...parts,
      found,
      next: 'the engine fetches the provider from GitHub (dirien/pulumi-vultr): check the network, then run this again',
    });
  }
  return new AnnyError('FOUNDATION_FAILED', {
    ...parts,
    found,
    next: 'mend what it says and run the same command again: what is done already stays done',
  });
}

const LINES = 6;

function lastLines(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(code|stdout|stderr):\s*$/.test(line.trim()));
  return lines
    .slice(-LINES)
    .join('\n')
    .replace(/^\s*(stderr|err\?): /gm, '');
}
