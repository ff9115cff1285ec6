/** What the clients saw of one round. */
export interface Tally {
  readonly seconds: number;
  /** Requests that were answered as they should be. */
  readonly answered: number;
  /** Why the others were not: the answer or the error. */
  readonly failures: readonly string[];
  /** From the moment at which it should have been sent. */
  readonly longestMs: number;
  /** Ids of writes that were acknowledged, uploads too. */
  readonly acknowledged: readonly string[];
  readonly uploads: { readonly whole: number; readonly cut: readonly string[] };
  readonly sockets: {
    /** Ended with a close frame. */
    readonly closed: number;
    /** Ended without one, or could not be opened again. */
    readonly cut: readonly string[];
    /** Acknowledged writes that a socket was never told. */
    readonly untold: readonly string[];
  };
  /** Of one core, for the clients themselves: they share the machines' cores. */
  readonly cores: number;
}

/** The same, while it is being counted. */
export interface Counting {
  readonly failures: string[];
  readonly acknowledged: string[];
  readonly uploads: { whole: number; readonly cut: string[] };
  readonly sockets: { closed: number; readonly cut: string[]; readonly untold: string[] };
  answered(tookMs: number): void;
  finish(): Tally;
}

export function startCounting(): Counting {
  const begunMs = performance.now();
  const begunCpu = process.cpuUsage();
  const failures: string[] = [];
  const acknowledged: string[] = [];
  const uploads = { whole: 0, cut: [] };
  const sockets = { closed: 0, cut: [], untold: [] };
  let answered = 0;
  let longestMs = 0;
  return {
    failures,
    acknowledged,
    uploads,
    sockets,
    answered: (tookMs) => {
      answered += 1;
      longestMs = Math.max(longestMs, tookMs);
    },
    finish: () => {
      const seconds = (performance.now() - begunMs) / 1000;
      const { user, system } = process.cpuUsage(begunCpu);
      const cores = (user + system) / 1e6 / seconds;
      return { seconds, answered, failures, longestMs, acknowledged, uploads, sockets, cores };
    },
  };
}

/** Errors of connections say little without what caused them. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
}
