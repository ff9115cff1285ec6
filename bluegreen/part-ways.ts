import type { Context } from './context.ts';
import type { GivenUp } from './given-up.ts';
import { type Answering, markRelease, type Release } from './release.ts';

/**
 * A machine becomes the writer without writes that others have. They are given up, but not gone: should one of the others serve again,
 * they are back, and whoever went on without them lacks them. The account keeps both, since it speaks for machines that are dead as well.
 * Before anything is moved: a mark too many makes a later command announce more than is lost, never less.
 */
export async function partWays(context: Context, to: Answering, others: readonly Release[], { lostSince }: GivenUp) {
  const { aloneSince: backSince } = to.tags;
  for (const other of others) {
    const { aloneSince, lacksSince } = other.tags;
    await markRelease(context, other, {
      aloneSince: mayHaveMore(other, to) ? earlier(aloneSince, lostSince) : aloneSince,
      lacksSince: earlier(lacksSince, backSince),
    });
  }
}

/** One that was the writer before it has nothing that it has not. */
function mayHaveMore(other: Release | Answering, to: Answering): boolean {
  return !('box' in other) || other.status.generation >= to.status.generation;
}

/** Of two moments; 0 is none. */
function earlier(one: number, other: number): number {
  return one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other);
}
