import pc from 'picocolors';
import type { Clock } from './clock.ts';
import { elapsed, liveSteps } from './live-steps.ts';
import type { Report, StepReport } from './report.ts';

/** Live progress on a terminal's stderr, so that stdout stays for answers; plain lines where it is not a terminal. */
export function terminalReport(clock: Clock, stream: NodeJS.WriteStream = process.stderr): Report {
  if (stream.isTTY === true && process.env.CI === undefined) return liveSteps(clock, stream);
  const line = (text: string): void => void stream.write(`${text}\n`);
  return {
    step: (name, detail) => plainStep(clock, line, name, detail),
    note: (text) => line(`  ${text}`),
    warn: (text) => line(pc.yellow(`! ${text}`)),
  };
}

function plainStep(clock: Clock, line: (text: string) => void, name: string, detail: string | undefined): StepReport {
  const begun = clock.now();
  const title = detail === undefined ? name : `${name} ${detail}`;
  return {
    progress: () => undefined,
    done: (result) => line(`✔ ${summary(title, result)} ${elapsed(clock, begun)}`),
    failed: (reason) => line(`✖ ${title} ${elapsed(clock, begun)} ${reason}`),
  };
}

function summary(title: string, result: string | undefined): string {
  return result === undefined || result === '' ? title : `${title}: ${result}`;
}
