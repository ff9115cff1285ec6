import type { Cloud, NoteId } from '../cloud/cloud.ts';
import type { Clock } from '../operation/clock.ts';
import type { Here } from '../operation/here.ts';
import { readClaim } from './claim.ts';
import type { Sighting } from './decide.ts';
import { type Moment, momentOf, passedForSure } from './moment.ts';

export interface LeasePorts {
  readonly cloud: Pick<Cloud, 'notes' | 'createNote' | 'writeNote' | 'deleteNote'>;
  readonly clock: Clock;
  readonly here: Here;
}

/** Looks at the claims whose names begin with `prefix` again and again, and remembers since when each has not changed: clocks of others do not matter. */
export interface Lookout {
  look(): Promise<readonly Sighting[]>;
}

export function openLookout({ cloud, clock, here }: LeasePorts, prefix: string): Lookout {
  const known = new Map<NoteId, { readonly text: string; readonly since: Moment }>();
  return {
    look: async () => {
      const notes = await cloud.notes(prefix);
      const now = momentOf(clock);
      return Promise.all(
        notes.map(async ({ id, text }) => {
          const before = known.get(id);
          const since = before?.text === text ? before.since : now;
          known.set(id, { text, since });
          const claim = readClaim(text);
          const gone = claim !== undefined && (await here.isGone(claim.process));
          return { id, claim, unchangedMs: passedForSure(clock, since), gone };
        }),
      );
    },
  };
}
