import pc from 'picocolors';
import yoctoSpinner from 'yocto-spinner';
import type { Clock } from './clock.ts';
import type { Report, StepReport } from './report.ts';

/** Live progress on a terminal's stderr, so that stdout stays for answers; plain lines where it is not a terminal. */
export function terminalReport(clock: Clock, stream: NodeJS.WriteStream = process.stderr): Report {
  const live = stream.isTTY === true && process.env.CI === undefined;
  const line = (text: string): void => void stream.write(`${text}\n`);
  return {
    step: (name, detail) => (live ? liveStep(clock, stream, name, detail) : plainStep(clock, line, name, detail)),
    note: (text) => line(`  ${text}`),
    warn: (text) => line(pc.yellow(`! ${text}`)),
  };
}

function liveStep(clock: Clock, stream: NodeJS.WriteStream, name: string, detail: string | undefined): StepReport {
  const begun = clock.now();
  const title = detail === undefined ? name : `${name} ${pc.dim(detail)}`;
  const spinner = yoctoSpinner({ text: title, stream }).start();
  return {
    progress: (text) => {
      spinner.text = `${title} ${pc.dim(`${elapsed(clock, begun)} ${text.slice(0, 90)}`)}`;
    },
    done: (result) => spinner.success(`${summary(title, result)} ${pc.dim(elapsed(clock, begun))}`),
    failed: (reason) => spinner.error(`${title} ${pc.dim(elapsed(clock, begun))} ${pc.red(reason)}`),
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
  return result === undefined ? title : `${title}: ${result}`;
}

function elapsed(clock: Clock, begun: number): string {
  return `${((clock.now() - begun) / 1000).toFixed(1)} s`;
}
