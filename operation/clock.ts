/** Time and chance, as orchestration sees them; the simulation has its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that go on evenly, whatever the clock is set to; a computer that is suspended may not count them. */
  uptime(): number;
  /** Ends early when `stop` says so. */
  sleep(ms: number, stop?: AbortSignal): Promise<void>;
  /** `bytes` random bytes in lower-case hexadecimal. */
  randomHex(bytes: number): string;
}
