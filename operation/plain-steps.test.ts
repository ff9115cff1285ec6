import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Clock } from './clock.ts';
import { plainSteps } from './plain-steps.ts';

const clock = { now: () => Date.now() } as Clock;

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

test('a step in a log is one line, and a long one says ever more rarely how far it is', () => {
  const lines: string[] = [];
  const report = plainSteps(clock, (text) => void lines.push(text));
  report.expect?.({ packages: 26 });
  report.step('boot').done('10.0.0.7');
  const packages = report.step('packages');
  packages.progress('Unpacking nginx');
  vi.advanceTimersByTime(79_000);
  packages.progress('Setting up nginx');
  vi.advanceTimersByTime(2_000);
  packages.failed('it broke:\n  with many\n  words');
  vi.advanceTimersByTime(600_000);
  expect(lines).toEqual([
    '✔ boot: 10.0.0.7 0.0 s',
    '… packages 10.0 s of about 26 s: Unpacking nginx',
    '… packages 20.0 s of about 26 s: Unpacking nginx',
    '… packages 40.0 s of about 26 s: Unpacking nginx',
    '… packages 80.0 s of about 26 s: Setting up nginx',
    '✖ packages 81.0 s it broke: …',
  ]);
});
