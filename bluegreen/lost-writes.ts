import { age } from './age.ts';
import type { Answering } from './release.ts';

/** What is known of the writes that would be lost: never more than was counted, and who counted. */
export interface LostWrites {
  readonly atLeast: number;
  readonly known: string;
}

/** Writes that other machines took since this relay handed over. */
export function writesSince({ tags, status }: Answering): LostWrites {
  const { relayed, peerWrites, now } = status;
  const { writes: through } = relayed;
  if (peerWrites !== null) {
    const { handedOver, seen, at } = peerWrites;
    const counted = Math.max(0, seen - handedOver);
    return {
      atLeast: Math.max(counted, through),
      known: `the app had counted ${handedOver} at the handover, and ${seen} when ${tags.release} last asked it, ${age(now - at)} ago; ${through} went through ${tags.release}`,
    };
  }
  if (through === 0) return { atLeast: 0, known: 'nobody counted them: the app tells no "writes" in its health' };
  return {
    atLeast: through,
    known: `${through} went through ${tags.release}; those that went straight to the other machine are not counted`,
  };
}

export function describeLostWrites({ atLeast, known }: LostWrites): string {
  return atLeast === 0 ? `how many writes that is: ${known}` : `at least ${atLeast} writes: ${known}`;
}
