import { whileHolding } from '../lease/hold.ts';
import { choose } from './choose.ts';
import type { Context } from './context.ts';
import type { World } from './observe.ts';
import type { Answering } from './release.ts';
import { observeSettled } from './settle.ts';

/** Works on the live release while nobody else works in the environment. `words`: the command as it is typed. */
export function withLive<T>(
  context: Context,
  words: string,
  use: (live: Answering, world: World) => Promise<T>,
): Promise<T> {
  const { operation, settings, lock } = context;
  const wish = { scope: settings.environment, command: `anny-bluegreen ${words}`, ...lock };
  return whileHolding(operation, context, wish, async () => {
    const { world } = await observeSettled(context);
    try {
      return await use(choose(world, undefined), world);
    } finally {
      await world.close();
    }
  });
}
