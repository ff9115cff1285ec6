import { leftNameOf } from './claim.ts';
import type { Sighting } from './decide.ts';
import type { LeasePorts } from './look.ts';

/**
 * Takes the claims of those who are gone away. What a holder had in hand is kept under another name first: written over, the old
 * note would come back with its writer's next beat, should it wake up; gone, it tells it that it has lost.
 */
export async function bury({ cloud }: LeasePorts, scope: string, expired: readonly Sighting[]): Promise<void> {
  for (const { id, claim } of expired) {
    if (claim !== undefined && claim.state === 'held' && claim.work !== null) {
      await cloud.createNote(leftNameOf(scope, claim.operation), JSON.stringify({ ...claim, state: 'left' }));
    }
    await cloud.deleteNote(id);
  }
}
