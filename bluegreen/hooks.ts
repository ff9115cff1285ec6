import type { HookEvent } from '../config/schema.ts';

/** The hooks port: the operator's own programs, run at the events of a command. */
export interface Hooks {
  /** Path of the program for an event, as the configuration names it; undefined for none. */
  pathOf(event: HookEvent): string | undefined;
  /** Runs the program of an event that has one, to its end or its time limit. */
  run(call: HookCall): Promise<HookResult>;
}

export interface HookCall {
  readonly event: HookEvent;
  /** What it is told, beside the operator's own environment: "ANNY_RELEASE" and the like. */
  readonly variables: Readonly<Record<string, string>>;
  /** Each line as it is printed, without secrets. */
  readonly line: (text: string) => void;
  /** Ends the program; undefined when nothing may. */
  readonly stop: AbortSignal | undefined;
}

export interface HookResult {
  readonly ok: boolean;
  /** Ended by `stop`. */
  readonly stopped: boolean;
  /** Last lines that it printed, without secrets, and how it ended when that was not well. */
  readonly output: string;
}
