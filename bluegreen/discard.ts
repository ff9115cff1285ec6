import { AnnyError, hasCode } from '../operation/errors.ts';
import type { Context } from './context.ts';
import type { Answering, Release } from './release.ts';

/**
 * Destroys a machine. One that answers is fenced first: it refuses somebody who has slept meanwhile and whose lease is another's by
 * now, and another does not take what is fenced. The account has no such guard.
 * @param survivor Has all that the machine has; it is asked once more before the only other copy goes.
 */
export async function discard(
  { cloud, operation }: Context,
  machine: Release | Answering,
  survivor?: Answering,
): Promise<void> {
  if ('box' in machine) {
    await machine.box.fence().catch((error: unknown) => {
      // A full disk or a broken machine must not keep it: it goes anyway.
      if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST', 'MACHINE_BUSY')) throw error;
    });
  }
  await operation.held.lease?.require();
  await survivor?.box.status();
  await cloud.destroyInstance(machine.instance.id);
}
