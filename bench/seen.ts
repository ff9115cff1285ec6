import type { Tally } from './load/tally.ts';

/** What was seen in all rounds of one kind. */
export interface Seen {
  rounds: number;
  seconds: number;
  answered: number;
  acknowledged: number;
  failed: number;
  lost: number;
  longestMs: number;
  uploads: { whole: number; cut: number };
  sockets: { closed: number; cut: number; untold: number };
  /** The largest share of a core that the clients took themselves. */
  cores: number;
  movedMs: number;
}

export function nothingSeen(): Seen {
  return {
    rounds: 0,
    seconds: 0,
    answered: 0,
    acknowledged: 0,
    failed: 0,
    lost: 0,
    longestMs: 0,
    uploads: { whole: 0, cut: 0 },
    sockets: { closed: 0, cut: 0, untold: 0 },
    cores: 0,
    movedMs: 0,
  };
}

export function see(seen: Seen, tally: Tally, lost: readonly string[]): void {
  seen.rounds += 1;
  seen.seconds += tally.seconds;
  seen.answered += tally.answered;
  seen.acknowledged += tally.acknowledged.length;
  seen.failed += tally.failures.length;
  seen.lost += lost.length;
  seen.longestMs = Math.max(seen.longestMs, tally.longestMs);
  seen.uploads.whole += tally.uploads.whole;
  seen.uploads.cut += tally.uploads.cut.length;
  seen.sockets.closed += tally.sockets.closed;
  seen.sockets.cut += tally.sockets.cut.length;
  seen.sockets.untold += tally.sockets.untold.length;
  seen.cores = Math.max(seen.cores, tally.cores);
}
