/** What is left of a caller's minute. */
export interface Allowance {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Whole seconds until the minute is over. */
  readonly resetSeconds: number;
}

export type RateLimit = (caller: string) => Allowance;

const WINDOW_MS = 60_000;
const MAX_CALLERS = 10_000;

/** Counts each caller's requests in its own minute, which begins with its first one. `nowMs` never goes back. */
export function createRateLimit(limit: number, nowMs: () => number): RateLimit {
  const windows = new Map<string, { startedMs: number; used: number }>();

  function windowOf(caller: string, now: number): { startedMs: number; used: number } {
    const current = windows.get(caller);
    if (current !== undefined && now - current.startedMs < WINDOW_MS) return current;
    const fresh = { startedMs: now, used: 0 };
    // Deleted first, so that the map stays in the order of beginnings.
    windows.delete(caller);
    windows.set(caller, fresh);
    forgetOld(now);
    return fresh;
  }

  function forgetOld(now: number): void {
    for (const [caller, { startedMs }] of windows) {
      if (now - startedMs < WINDOW_MS && windows.size <= MAX_CALLERS) return;
      windows.delete(caller);
    }
  }

  return (caller) => {
    const now = nowMs();
    const window = windowOf(caller, now);
    const resetSeconds = Math.ceil((window.startedMs + WINDOW_MS - now) / 1000);
    if (window.used >= limit) return { allowed: false, remaining: 0, resetSeconds };
    window.used += 1;
    return { allowed: true, remaining: limit - window.used, resetSeconds };
  };
}
