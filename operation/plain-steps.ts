import pc from 'picocolors';
import type { Clock } from './clock.ts';
import { elapsed, headline, lasting } from './live-steps.ts';
import type { Report } from './report.ts';

/** A step that takes longer says so, in a log that somebody follows: after this time, then after twice as long, and so on. */
const FIRST_WORD_MS = 10_000;

/** Steps as lines, for logs and whatever else is no terminal. */
export function plainSteps(clock: Clock, line: (text: string) => void): Report {
  let expected: Readonly<Record<string, number>> = {};
  return {
    step: (name, detail) => {
      const begun = clock.now();
      const title = detail === undefined ? name : `${name} ${detail}`;
      let said = '';
      let timer: NodeJS.Timeout | undefined;
      const sayAfter = (ms: number): void => {
        timer = setTimeout(() => {
          const last = said === '' ? '' : `: ${said}`;
          line(`… ${title} ${lasting(clock, begun, expected[name])}${last}`);
          sayAfter(clock.now() - begun);
        }, ms).unref();
      };
      sayAfter(FIRST_WORD_MS);
      const end = (text: string): void => {
        clearTimeout(timer);
        line(text);
      };
      return {
        progress: (text) => {
          said = text.trim() || said;
        },
        done: (result) => {
          const summary = result === undefined || result === '' ? title : `${title}: ${result}`;
          end(`✔ ${summary} ${elapsed(clock, begun)}`);
        },
        failed: (reason) => end(`✖ ${title} ${elapsed(clock, begun)} ${headline(reason)}`),
        stopped: (reason) => end(`- ${title} ${elapsed(clock, begun)} ${reason}`),
      };
    },
    note: (text) => line(`  ${text}`),
    warn: (text) => line(pc.yellow(`! ${text}`)),
    expect: (seconds) => {
      expected = { ...expected, ...seconds };
    },
  };
}
