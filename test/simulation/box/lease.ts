import { AnnyError } from '../../../operation/errors.ts';
import type { Machine } from './machine.ts';

export function knownLease({ disk, memory }: Machine): number {
  return Math.max(disk.lease, memory.lease);
}

/** With the lock in hand. A full disk keeps nobody from claiming: then it holds until a restart. */
export function requireLease(machine: Machine, token: number | undefined, verb: string): void {
  if (token === undefined) return;
  const known = knownLease(machine);
  if (token > known) {
    machine.memory.lease = token;
    if (machine.world.timeline.now() >= machine.fullUntil) machine.disk.lease = token;
  } else if (token < known && verb !== 'claim') {
    throw new AnnyError('LEASE_LOST', {
      doing: `anny-box ${verb} on ${machine.address}`,
      found: `another command has taken over since (its token is ${known}, this one's ${token})`,
      next: 'anny-bluegreen status',
    });
  }
}
