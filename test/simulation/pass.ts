import type { Watch } from './invariants.ts';
import type { World } from './world.ts';

/** Time passes, and nobody runs a command. */
export function pass(world: World, watch: Watch, ms: number): Promise<void> {
  const until = world.timeline.now() + ms;
  world.timeline.after(ms, () => undefined);
  return world.timeline.run(() => world.timeline.now() >= until, watch.check);
}
