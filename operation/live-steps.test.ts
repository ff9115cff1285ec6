import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Clock } from './clock.ts';
import { liveSteps } from './live-steps.ts';

const ESCAPE = String.fromCharCode(27);
const UP = new RegExp(`^${ESCAPE}\\[(\\d+)A$`);
const ERASE = `${ESCAPE}[0J`;
const PARTS = new RegExp(`(${ESCAPE}\\[\\d+[AJ]|\\r|\\n)`);

/** As much of a terminal as the block needs: lines, a cursor that goes up, and what erases to the end. */
function screen(columns = 60) {
  let lines = [''];
  const write = (text: string): boolean => {
    for (const part of text.split(PARTS)) {
      const up = UP.exec(part)?.[1];
      if (up !== undefined) lines = [...lines.slice(0, lines.length - 1 - Number(up)), ''];
      else if (part === '\n') lines.push('');
      else if (part !== '\r' && part !== ERASE) lines[lines.length - 1] += stripVTControlCharacters(part);
    }
    return true;
  };
  const shown = (): string[] => lines.map((line) => line.replace(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/, '*')).filter((line) => line !== '');
  return { columns, write, shown };
}

const clock = { now: () => Date.now() } as Clock;

describe('steps on a terminal', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  test('show how long they take, the last lines of the one that spoke last, and then what came of them', () => {
    const terminal = screen();
    const report = liveSteps(clock, terminal);
    report.expect?.({ packages: 12 });
    const packages = report.step('packages');
    for (const line of ['one', 'two', 'three', 'four']) packages.progress(line);
    vi.advanceTimersByTime(1500);
    expect(terminal.shown()).toEqual(['* packages 1.5 s of about 12 s', '    two', '    three', '    four']);
    packages.done('');
    expect(terminal.shown()).toEqual(['✔ packages 1.5 s']);
  });

  test('run side by side, with notes and warnings above them', () => {
    const terminal = screen();
    const report = liveSteps(clock, terminal);
    const test = report.step('test');
    const search = report.step('search', 'for secrets');
    report.note('a note');
    report.warn('a warning');
    vi.advanceTimersByTime(1000);
    expect(terminal.shown()).toEqual(['  a note', '! a warning', '* test 1.0 s', '* search for secrets 1.0 s']);
    search.failed('found one');
    test.done('30 hold');
    expect(terminal.shown()).toEqual([
      ...['  a note', '! a warning', '✖ search for secrets 1.0 s found one', '✔ test: 30 hold 1.0 s'],
    ]);
  });

  test('of which several speak show one line each, and a count as one that goes on', () => {
    const terminal = screen();
    const report = liveSteps(clock, terminal);
    const packages = report.step('packages');
    const send = report.step('send');
    for (const line of ['one', 'two']) packages.progress(line);
    for (const line of ['10 MB', '20 MB', '130 MB']) send.progress(line);
    vi.advanceTimersByTime(1000);
    expect(terminal.shown()).toEqual(['* packages 1.0 s', '    two', '* send 1.0 s', '    130 MB']);
    packages.done();
    expect(terminal.shown()).toEqual(['✔ packages 1.0 s', '* send 1.0 s', '    130 MB']);
  });

  test('never take more than one line each, however long they speak', () => {
    const terminal = screen(20);
    const step = liveSteps(clock, terminal).step('packages');
    step.progress('x'.repeat(100));
    vi.advanceTimersByTime(100);
    for (const line of terminal.shown()) expect(line.length).toBeLessThan(20);
    expect(terminal.shown()).toHaveLength(2);
  });
});
