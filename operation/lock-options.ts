import type { Command } from 'commander';
import { duration } from '../config/duration.ts';
import { AnnyError } from './errors.ts';

/** Longer than a lease takes to expire: one who is gone is always taken over. */
const DEFAULT_WAIT = '45s';
const LONGEST_MESSAGE = 500;

export interface LockWish {
  /** How long another command is waited for. */
  readonly waitMs: number;
  /** Why this command runs, in the operator's words; "" for none. */
  readonly reason: string;
}

/** For commands that nobody else may run at the same time. */
export function addLockOptions(command: Command): Command {
  return command
    .option('--lock-wait <duration>', 'how long to wait for a command that runs elsewhere', DEFAULT_WAIT)
    .option('--message <text>', 'why; shown to others, and kept in the journal');
}

export function lockWishOf(command: Command): LockWish {
  const { lockWait = DEFAULT_WAIT, message = '' }: { lockWait?: string; message?: string } = command.opts();
  const wait = duration.safeParse(lockWait);
  if (wait.success) return { waitMs: wait.data, reason: message.slice(0, LONGEST_MESSAGE) };
  throw new AnnyError('USAGE', {
    doing: 'reading --lock-wait',
    found: `"${lockWait}" is no duration`,
    next: 'give a number and a unit: 45s, 10m, 0s',
  });
}
