import { startBackups } from './backups.ts';
import type { Machine } from './box/machine.ts';
import { startClients } from './clients.ts';
import type { Command } from './commands.ts';
import type { Watch } from './invariants.ts';
import { ELSEWHERE, type Happening, type Incident } from './operator.ts';
import { pass } from './pass.ts';
import { lookAround, perform, performBoth } from './perform.ts';
import { setInOrder } from './set-in-order.ts';
import { watching } from './story.ts';
import type { Ending } from './told.ts';
import { acceptors } from './traffic.ts';
import { bake, type Decided, newWorld, type World } from './world.ts';

export const PROMOTE: Command = { kind: 'promote', again: true };
export const ROLLBACK: Command = { kind: 'rollback', loseWrites: false };
export const RESTORE: Command = { kind: 'restore', loseWrites: false };

/** A world under load, in which a test says what happens when. The invariants are watched all the time. */
export interface Stage {
  readonly world: World;
  readonly watch: Watch;
  run(command: Command, ...incidents: Incident[]): Promise<Ending>;
  /** The same, on another computer: it knows nothing of what was done from here. */
  runElsewhere(command: Command): Promise<Ending>;
  /** Two at once: the second begins some seconds after the first, on another computer. */
  runBoth(
    command: Command,
    incident: Incident,
    second: Command,
    afterSeconds: number,
  ): Promise<readonly [Ending, Ending]>;
  wait(seconds: number): Promise<void>;
  look(): ReturnType<typeof lookAround>;
  writer(): Machine;
  /** Follows what status says until all is well. */
  setInOrder(): Promise<void>;
}

export function at(call: string, what: Happening, count = 1): Incident {
  return { call, what, count };
}

/** Where a test differs from the usual. */
export type Start = Decided & { readonly seed?: number };

/** Nothing yet: no image, no release. Clients try to write all the same. */
export function stage({ seed = 1, ...decided }: Start = {}): Stage {
  const world = newWorld(seed, {
    backups: true,
    follows: false,
    smoke: false,
    hooks: false,
    flakes: 0,
    skewed: false,
    ...decided,
  });
  const watch = watching(world);
  const run = (command: Command, ...incidents: Incident[]): Promise<Ending> =>
    perform(world, watch, command, incidents);
  startClients(world);
  startBackups(world);
  return {
    ...{ world, watch, run },
    runBoth: (command, incident, second, afterSeconds) =>
      performBoth(world, watch, command, [incident], {
        ...{ command: second, incidents: [], computer: ELSEWHERE, afterMs: afterSeconds * 1_000 },
      }),
    runElsewhere: (command) => perform(world, watch, command, [], ELSEWHERE),
    wait: (seconds) => pass(world, watch, seconds * 1_000),
    look: () => lookAround(world, watch),
    writer: () => {
      const [writer] = acceptors(world);
      if (writer === undefined) throw new Error('nobody accepts writes');
      return writer;
    },
    setInOrder: () => setInOrder(world, watch, run),
  };
}

/** A first release is live, a newer image is baked, clients write. */
export async function live(start: Start = {}, ...troubles: Incident[]): Promise<Stage> {
  const here = stage(start);
  bake(here.world, 'good');
  await here.run(PROMOTE, ...troubles);
  await here.wait(30);
  bake(here.world, 'good');
  return here;
}
