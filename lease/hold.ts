import { AnnyError, ERROR_CODES, hasCode } from '../operation/errors.ts';
import { type Operation, warn } from '../operation/step.ts';
import { acquire, type LeaseWish } from './acquire.ts';
import type { Lease } from './lease.ts';
import type { LeasePorts } from './look.ts';

export type HoldWish = Pick<LeaseWish, 'scope' | 'command' | 'reason' | 'waitMs'>;

/** Runs `body` while nobody else works on the scope. What it leaves unfinished stays written down for whoever comes next. */
export async function whileHolding<T>(
  operation: Operation,
  { cloud, here }: Omit<LeasePorts, 'clock'>,
  wish: HoldWish,
  body: (lease: Lease) => Promise<T>,
): Promise<T> {
  const { id, clock, report, interrupt } = operation;
  const lease = await acquire({ cloud, clock, here }, { ...wish, operation: id, report, interrupt });
  operation.held.lease = lease;
  try {
    const result = await body(lease);
    await quietly(operation, () => lease.release());
    return result;
  } catch (error) {
    // What else went wrong, went wrong under somebody else's hands: nothing is said of what is there now.
    if (error instanceof AnnyError && (await lease.isTaken()))
      throw hasCode(error, 'LEASE_LOST') ? error : leaseLost(wish, error);
    await quietly(operation, () => (isUnfinished(error) ? lease.leave() : lease.release()));
    throw error;
  } finally {
    operation.held.lease = undefined;
  }
}

function leaseLost({ command }: HoldWish, error: AnnyError): AnnyError {
  return new AnnyError('LEASE_LOST', {
    doing: command,
    found: `somebody else has taken over meanwhile; what it met then: ${error.message}`,
    next: 'anny-bluegreen status says what is there and what to do',
    cause: error,
  });
}

/** A failure of ours, or a bug: what there is by now must be looked at. */
export function isUnfinished(error: unknown): boolean {
  return !(error instanceof AnnyError) || error.exitCode === ERROR_CODES.UNFINISHED;
}

/** The work's own end counts: a claim that could not be taken away expires by itself. */
async function quietly(operation: Operation, act: () => Promise<void>): Promise<void> {
  await act().catch((error: unknown) => {
    if (!(error instanceof AnnyError)) throw error;
    warn(operation, `the lease could not be given back, it expires by itself in 30 s: ${error.message}`);
  });
}
