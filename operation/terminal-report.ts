import type { Clock } from './clock.ts';
import { liveSteps } from './live-steps.ts';
import { plainSteps } from './plain-steps.ts';
import type { Report } from './report.ts';

/** Live progress on a terminal's stderr, so that stdout stays for answers; plain lines where it is not a terminal. */
export function terminalReport(clock: Clock, stream: NodeJS.WriteStream = process.stderr): Report {
  if (stream.isTTY === true && process.env.CI === undefined) return liveSteps(clock, stream);
  return plainSteps(clock, (text) => void stream.write(`${text}\n`));
}
