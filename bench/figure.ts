/** One measured thing. */
export interface Figure {
  /** "promote.lost_writes" */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is held against: a bar to stay under, one to reach, or a peer measured in the same run. */
  readonly limit?: number;
  readonly atLeast?: number;
  readonly peer?: string;
}

/** A family of figures that one run on the same ground gives. */
export interface Family {
  readonly name: string;
  readonly run: (tell: (figure: Figure) => void) => Promise<void>;
}
