import type { TrafficVerdict } from './judge-traffic.ts';

/** Looks at a new writer's traffic, one after the other. */
export interface Looks {
  /** Where the next look begins: what was too little to judge is judged together with what follows. */
  readonly fromMs: number;
  readonly badInARow: number;
  readonly last: TrafficVerdict | undefined;
}

/** One bad look may be a hiccup of the handover or of the network; two in a row are the release. */
const BAD_LOOKS = 2;
const LOOKS_IN_A_WATCH = 4;
const SHORTEST_LOOK_MS = 1_000;

export function firstLook(fromMs: number): Looks {
  return { fromMs, badInARow: 0, last: undefined };
}

export function afterLook(looks: Looks, verdict: TrafficVerdict, nowMs: number): Looks {
  switch (verdict.kind) {
    case 'inconclusive':
      return { ...looks, last: looks.last ?? verdict };
    case 'good':
      return { fromMs: nowMs, badInARow: 0, last: verdict };
    case 'bad':
      return { fromMs: nowMs, badInARow: looks.badInARow + 1, last: verdict };
  }
}

export function isBad({ badInARow }: Looks): boolean {
  return badInARow >= BAD_LOOKS;
}

/** A watch that ends with a first bad look goes on for another. */
export function isOpen({ badInARow }: Looks): boolean {
  return badInARow > 0 && badInARow < BAD_LOOKS;
}

/** What a watch of this length leaves out at its beginning, and how long each look is. */
export function rhythmOf(watchMs: number, warmUpMs: number): { readonly warmUpMs: number; readonly lookMs: number } {
  const warmUp = Math.min(warmUpMs, watchMs / LOOKS_IN_A_WATCH);
  const look = Math.round((watchMs - warmUp) / LOOKS_IN_A_WATCH / 1_000) * 1_000;
  return { warmUpMs: warmUp, lookMs: Math.max(SHORTEST_LOOK_MS, look) };
}
