import { PREFIX } from '../../lease/claim.ts';
import type { World } from './world.ts';

/** Machines in the account that no release accounts for: never a writer, and no standby. */
export function orphans(world: World): number {
  return [...world.rented.values()].filter(({ machine }) => ['none', 'candidate'].includes(machine.disk.role)).length;
}

/** Claims in the account of commands that do not run any more. */
export function stuckLeases(world: World): number {
  return world.notes.list(PREFIX).length;
}
