import { add, has, missingIn, noWrites, remove, type Writes } from './writes.ts';

/** What the clients were promised: every write that was answered with success, and when. */
export interface Ledger {
  readonly promised: Writes;
  /** By write: when it was acknowledged, in milliseconds. */
  readonly promisedAt: number[];
  sent: number;
  failed: number;
  /** The machine that accepted the last write, by its address. */
  acceptedBy: string;
  /** A command has said that writes acknowledged after this moment may be lost; undefined when none has. */
  mayLoseAfter: number | undefined;
  /** What the writer's newest backup has; undefined before the first. */
  saved: Writes | undefined;
  /** Writes that were lost as a command had said before. */
  givenUp: number;
  /** The same, one by one. */
  readonly gone: Set<number>;
}

export function ledger(): Ledger {
  return {
    promised: noWrites(),
    promisedAt: [],
    sent: 0,
    failed: 0,
    acceptedBy: '',
    mayLoseAfter: undefined,
    saved: undefined,
    givenUp: 0,
    gone: new Set(),
  };
}

/** Writes that were promised and are not in `state`. */
export function missingFrom({ promised }: Ledger, state: Writes): number[] {
  return missingIn(promised, state);
}

/** Lost as had been said: nobody is owed them any more. */
export function giveUp(ledger: Ledger, writes: readonly number[]): void {
  for (const write of writes) {
    remove(ledger.promised, write);
    ledger.gone.add(write);
  }
  ledger.givenUp += writes.length;
}

/** What had been given up and is there again, with the machine that has it, is owed as before. */
export function comeBack({ promised, gone }: Ledger, state: Writes): number {
  const back = [...gone].filter((write) => has(state, write));
  for (const write of back) {
    gone.delete(write);
    add(promised, write);
  }
  return back.length;
}
