/** Time and chance, as orchestration sees them; the simulation has its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** `bytes` random bytes in lower-case hexadecimal. */
  randomHex(bytes: number): string;
}
