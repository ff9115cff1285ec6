import { confirm, input, password, select } from '@inquirer/prompts';
import { AnnyError } from '../../operation/errors.ts';

export interface Choice {
  readonly value: string;
  readonly name: string;
}

export interface Question {
  readonly message: string;
  readonly fallback?: string | undefined;
  /** What is wrong with an answer; undefined when nothing is. */
  readonly check: (text: string) => string | undefined;
}

/** A person at a terminal. Questions go to stderr: stdout is for the answer. */
export interface Asker {
  text(question: Question): Promise<string>;
  choose(message: string, choices: readonly Choice[], fallback: string | undefined): Promise<string>;
  /** Nothing of what is typed is shown. */
  secret(message: string): Promise<string>;
  yesNo(message: string, fallback: boolean): Promise<boolean>;
}

const SHOWN_CHOICES = 12;

export function terminalAsker(): Asker {
  const context = { output: process.stderr, clearPromptOnDone: false };
  return {
    text: ({ message, fallback, check }) =>
      ask(() =>
        input(
          {
            message,
            ...(fallback === undefined ? {} : { default: fallback }),
            validate: (text) => check(text.trim()) ?? true,
          },
          context,
        ).then((text) => text.trim()),
      ),
    choose: (message, choices, fallback) =>
      ask(() =>
        select(
          {
            message,
            choices: [...choices],
            pageSize: SHOWN_CHOICES,
            ...(fallback === undefined ? {} : { default: fallback }),
          },
          context,
        ),
      ),
    secret: (message) =>
      ask(() => password({ message, mask: false, toggleMask: false }, context).then((text) => text.trim())),
    yesNo: (message, fallback) => ask(() => confirm({ message, default: fallback }, context)),
  };
}

async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error;
    throw new AnnyError('INTERRUPTED', { doing: 'init', found: 'it was stopped', next: 'nothing was written' });
  }
}
