/** What a person (or a program, with --json) is told while an operation runs. */
export interface Report {
  /** A named step begins; the returned functions end it. */
  step(name: string, detail?: string): StepReport;
  /** A line worth keeping on the screen. */
  note(text: string): void;
  warn(text: string): void;
  /** Seconds that steps took before, by their names: for the screen alone. */
  expect?(seconds: Readonly<Record<string, number>>): void;
}

export interface StepReport {
  /** What the step is waiting for right now; replaces the last such line. */
  progress(text: string): void;
  done(result?: string): void;
  failed(reason: string): void;
  /** Ended by something else than itself: no fault of its own. */
  stopped(reason: string): void;
}
