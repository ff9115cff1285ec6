import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { loadSettings } from '../config/load.ts';
import { AnnyError } from '../operation/errors.ts';
import { silentReport } from '../operation/silent-report.ts';
import { systemClock } from '../operation/system-clock.ts';
import { terminalReport } from '../operation/terminal-report.ts';
import type { Context } from './context.ts';
import { openContext } from './open-context.ts';

/** What every command knows from its line. */
export interface GlobalOptions {
  readonly env?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly config?: string;
}

export function settingsFor(options: GlobalOptions) {
  return loadSettings({
    env: process.env,
    ...(options.env === undefined ? {} : { environment: options.env }),
    ...(options.config === undefined ? {} : { file: options.config }),
  });
}

/** Runs a command against the real world, with its begin and end in the journal. */
export async function withContext<T>(command: Command, run: (context: Context) => Promise<T>): Promise<T> {
  const options: GlobalOptions = command.optsWithGlobals();
  const settings = await settingsFor(options);
  const report = options.json ? silentReport : terminalReport(systemClock);
  for (const warning of settings.warnings) report.warn(warning);
  const context = openContext(settings, command.name(), report);
  return run(context);
}

/** stdout is for the answer: text for people, one JSON object with --json. */
export function answer(command: Command, data: unknown, text: string): void {
  const options: GlobalOptions = command.optsWithGlobals();
  process.stdout.write(options.json ? `${JSON.stringify(data)}\n` : text);
}

/** Asks a person before something happens; --yes answers, and without a terminal the question is an error. */
export async function agree(command: Command, question: string): Promise<void> {
  const options: GlobalOptions = command.optsWithGlobals();
  if (options.yes) return;
  if (!process.stdin.isTTY || options.json) {
    throw new AnnyError('USAGE', {
      doing: command.name(),
      found: 'nobody is there to be asked',
      next: 'add --yes to go on without a question; plan shows what would happen',
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const said = await lines.question(`${question} [y/N] `);
  lines.close();
  if (/^y(es)?$/i.test(said.trim())) return;
  throw new AnnyError('INTERRUPTED', { doing: command.name(), found: 'you said no', next: 'nothing was changed' });
}
