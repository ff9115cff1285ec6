/** The smoke test port: the operator's own script against one machine. */
export interface Smoke {
  /** undefined when the configuration names no script. */
  readonly script: string | undefined;
  run(target: SmokeTarget): Promise<SmokeResult>;
}

export interface SmokeTarget {
  readonly name: string;
  readonly address: string;
  /** Reaches a candidate that serves nobody else; undefined for a machine that serves. */
  readonly pass?: string;
}

export interface SmokeResult {
  readonly ok: boolean;
  /** Last lines that the script printed. */
  readonly output: string;
}
