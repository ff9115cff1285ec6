/**
 * Which journals must stay. A copy of the directory that is made while Anny runs takes memory.json at one moment and the
 * journals at another: what a memory.json needs stays for a while after the next one has replaced it.
 */
export interface Retention {
  /** memory.json is now of this generation. */
  replaced(generation: number): void;
  /** Journals before this generation may go. */
  needed(): number;
  /** The disk is full: nothing is kept for copies. */
  forget(): void;
}

const COPY_MS = 60_000;
/** Bounds what a flood of writes can keep on the disk. */
const FORMER_LIMIT = 16;

export function createRetention(folded: number, nowMs: () => number): Retention {
  let inPlace = folded;
  let former: readonly { readonly generation: number; readonly replacedMs: number }[] = [];
  return {
    replaced: (generation) => {
      const now = nowMs();
      const fresh = former.filter(({ replacedMs }) => now - replacedMs < COPY_MS);
      former = [...fresh, { generation: inPlace, replacedMs: now }].slice(-FORMER_LIMIT);
      inPlace = generation;
    },
    needed: () => former[0]?.generation ?? inPlace,
    forget: () => {
      former = [];
    },
  };
}
