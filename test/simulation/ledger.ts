/** What the clients were promised: every write that was answered with success, and when. */
export interface Ledger {
  /** Write -> when it was acknowledged, in milliseconds. */
  readonly promised: Map<number, number>;
  sent: number;
  failed: number;
  /** The machine that accepted the last write, by its address. */
  acceptedBy: string;
  /** A command has said that writes acknowledged after this moment may be lost; undefined when none has. */
  mayLoseAfter: number | undefined;
  /** Writes that were lost as a command had said before. */
  givenUp: number;
}

export function ledger(): Ledger {
  const promised = new Map<number, number>();
  return { promised, sent: 0, failed: 0, acceptedBy: '', mayLoseAfter: undefined, givenUp: 0 };
}

/** Writes that were promised and are not in `state`. */
export function missingFrom({ promised }: Ledger, state: ReadonlySet<number>): number[] {
  return [...promised.keys()].filter((write) => !state.has(write));
}
