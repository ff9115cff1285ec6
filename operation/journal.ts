/** Append-only record of an operation on the operator's side: it speeds up a resume and is never needed for one. */
export interface Journal {
  /** Resolves when the entry is on disk. Never holds a secret. */
  append(entry: JournalEntry): Promise<void>;
  entries(): Promise<readonly JournalEntry[]>;
}

export interface JournalEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly operation: string;
  readonly command: string;
  readonly step: string;
  readonly event: 'intent' | 'result' | 'failed' | 'undone' | 'begin' | 'end';
  readonly data?: Readonly<Record<string, string | number | boolean | null>>;
}
