import type { World } from './world.ts';

/** Machines in the account that no release accounts for: never a writer, and no standby. */
export function orphans(world: World): number {
  return [...world.rented.values()].filter(({ machine }) => ['none', 'candidate'].includes(machine.disk.role)).length;
}
