import { backupChanges } from './box/backup.ts';
import type { World } from './world.ts';

const LOOK_MS = 40_000;

/** The timer of every machine that may be a writer, the one that another has taken the place of included. */
export function startBackups(world: World): void {
  if (!world.backups || !world.follows) return;
  const look = (): void => {
    for (const machine of world.machines) if (machine.memory.up) void backupChanges(machine).catch(() => undefined);
    world.timeline.wakeAfter(LOOK_MS, look);
  };
  world.timeline.wakeAfter(LOOK_MS, look);
}
