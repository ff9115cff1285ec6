/** Who we are on this computer, and whether another process of the same computer still lives. */
export interface Here {
  readonly user: string;
  readonly host: string;
  readonly process: ProcessMark;
  /** True only when it is sure: a process of this computer that has ended. */
  isGone(mark: ProcessMark): Promise<boolean>;
}

/** One process, never mistaken for another: not for a later one with its id, not for one of another computer or container. */
export interface ProcessMark {
  readonly pid: number;
  readonly startedAt: string;
  /** The boot of the computer and the space that the id is counted in; "" where the system does not tell. */
  readonly home: string;
}
