import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { loadSettings } from '../config/load.ts';
import type { LoadedSettings } from '../config/settings.ts';
import { AnnyError } from './errors.ts';
import type { Report } from './report.ts';
import { silentReport } from './silent-report.ts';
import { systemClock } from './system-clock.ts';
import { terminalReport } from './terminal-report.ts';

/** What every command knows from its line. */
export interface GlobalOptions {
  readonly env?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly config?: string;
}

export function addGlobalOptions(program: Command): Command {
  return program
    .option('--env <name>', 'environment of config.yaml (also ANNY_ENV; default: production)')
    .option('--config <file>', 'config.yaml to use (default: the one here)')
    .option('--json', 'one JSON object on stdout, no questions')
    .option('-y, --yes', 'go on without asking')
    .showHelpAfterError()
    .exitOverride();
}

export function settingsOf(command: Command): Promise<LoadedSettings> {
  const options: GlobalOptions = command.optsWithGlobals();
  return loadSettings({
    env: process.env,
    ...(options.env === undefined ? {} : { environment: options.env }),
    ...(options.config === undefined ? {} : { file: options.config }),
  });
}

export function reportOf(command: Command): Report {
  const options: GlobalOptions = command.optsWithGlobals();
  return options.json ? silentReport : terminalReport(systemClock);
}

/** stdout is for the answer: text for people, one JSON object with --json. */
export function answer(command: Command, data: unknown, text: string): void {
  const options: GlobalOptions = command.optsWithGlobals();
  process.stdout.write(options.json ? `${JSON.stringify(data)}\n` : text);
}

/** Asks a person before something happens; --yes answers, and without a terminal the question is an error. */
export async function agree(command: Command, question: string): Promise<void> {
  if (await ask(command, question)) return;
  throw new AnnyError('INTERRUPTED', { doing: command.name(), found: 'you said no', next: 'nothing was changed' });
}

async function ask(command: Command, question: string): Promise<boolean> {
  const options: GlobalOptions = command.optsWithGlobals();
  if (options.yes) return true;
  if (!process.stdin.isTTY || options.json) {
    throw new AnnyError('USAGE', {
      doing: command.name(),
      found: 'nobody is there to be asked',
      next: 'add --yes to go on without a question; plan, or --dry-run, shows what would happen',
    });
  }
  return yesNo(question);
}

interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly terminal?: boolean;
}

/** Whatever is no yes is a no: Ctrl-C and Ctrl-D too, and a stop from outside. */
export function yesNo(
  question: string,
  stop?: AbortSignal,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  const lines = createInterface(terminal);
  return new Promise((resolve) => {
    const say = (said: string): void => {
      stop?.removeEventListener('abort', leave);
      resolve(/^y(es)?$/i.test(said.trim()));
    };
    const leave = (): void => {
      terminal.output.write('\n');
      lines.close();
    };
    lines.once('SIGINT', leave);
    lines.once('close', () => say(''));
    stop?.addEventListener('abort', leave, { once: true });
    lines.question(`${question} [y/N] `, (said) => {
      say(said);
      lines.close();
    });
  });
}
