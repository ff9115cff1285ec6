import { join } from 'node:path';
import type { LoadedSettings } from '../config/settings.ts';
import { ERROR_CODES } from './errors.ts';
import { fileJournal } from './file-journal.ts';
import type { Report } from './report.ts';
import type { Operation } from './step.ts';
import { systemClock } from './system-clock.ts';

/** One Ctrl-C may arrive twice: from the terminal, and passed on by the program that started this one. */
const ECHO_MS = 500;
export const OPERATION_ID_BYTES = 6;

/** A new operation of this program in the real world: its journal lies beside config.yaml. */
export function beginOperation(settings: LoadedSettings, command: string, report: Report): Operation {
  return {
    id: systemClock.randomHex(OPERATION_ID_BYTES),
    command,
    clock: systemClock,
    journal: fileJournal(join(settings.directory, '.anny', `journal-${settings.environment}.jsonl`), settings.mask),
    report,
    undos: [],
    warnings: [],
    held: { lease: undefined },
    interrupt: interruptSignal(report),
    forward: false,
  };
}

let interrupt: AbortSignal | undefined;

/** One for all that this program does, one after the other. */
export function interruptSignal(report: Report): AbortSignal {
  interrupt ??= listenForInterrupt(report);
  return interrupt;
}

/** The first Ctrl-C asks for a stop in good order; the second leaves at once, and `status` says what is left. */
function listenForInterrupt(report: Report): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const stop = (): void => {
    if (controller.signal.aborted) {
      if (systemClock.now() - firstAt > ECHO_MS) process.exit(ERROR_CODES.INTERRUPTED);
      return;
    }
    firstAt = systemClock.now();
    report.warn(
      'stopping in good order (Ctrl-C again leaves at once: anny-bluegreen status says what is left, anny-image sweep clears up after a bake)',
    );
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}
