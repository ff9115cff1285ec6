import type { Report } from './report.ts';

/** For --json and tests: nothing is shown, the answer says it all. */
export const silentReport: Report = {
  step: () => ({ progress: () => undefined, done: () => undefined, failed: () => undefined, stopped: () => undefined }),
  note: () => undefined,
  warn: () => undefined,
};
