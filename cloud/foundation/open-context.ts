import type { Stack } from '@pulumi/pulumi/automation/index.js';
import type { Command } from 'commander';
import type { LoadedSettings } from '../../config/settings.ts';
import { beginOperation } from '../../operation/begin.ts';
import { reportOf, settingsOf } from '../../operation/command-line.ts';
import { type Operation, runStep } from '../../operation/step.ts';
import { type Seen, watchEngine } from './changes.ts';
import { type Declared, declare } from './declared.ts';
import { openEngine } from './engine.ts';
import { engineFailure } from './failure.ts';
import { type Place, placeOf } from './place.ts';
import { publicKeys } from './public-keys.ts';
import { installProvider, withStack } from './stack.ts';

/** Everything that a command of the foundation works with. */
export interface Context {
  readonly settings: LoadedSettings;
  readonly operation: Operation;
  readonly place: Place;
  readonly declared: readonly Declared[];
  readonly stack: Stack;
}

/** Runs a command against the account and the state that the settings name. Whatever is missing is said before anything is touched. */
export async function withFoundation(command: Command, run: (context: Context) => Promise<void>): Promise<void> {
  const settings = await settingsOf(command);
  const report = reportOf(command);
  for (const warning of settings.warnings) report.warn(warning);
  const place = placeOf(settings);
  const declared = declare(settings, await publicKeys(settings));
  const engine = await openEngine();
  const operation = beginOperation(settings, command.name(), report);
  const foundation = { declared, protect: settings.config.infra.foundation.protect };
  const told = { settings, operation, place };
  await translated(told, { doing: 'opening the foundation' }, () =>
    withStack(engine, place, foundation, (stack) => run({ ...told, declared, stack })),
  );
}

interface Engaging {
  readonly doing: string;
  readonly seen?: Seen;
  /** It makes or changes things, and a failure may leave some of them. */
  readonly changes?: boolean;
}

/** A failure of the engine becomes one of ours; what is ours already stays. */
async function translated<T>(
  { settings, operation, place }: Pick<Context, 'settings' | 'operation' | 'place'>,
  { doing, seen, changes = false }: Engaging,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Error) || !isOfEngine(error)) throw error;
    const { interrupt } = operation;
    const problems = seen?.problems ?? [];
    const failed = { doing, problems, interrupted: interrupt.aborted, changes, mask: settings.mask };
    throw engineFailure(error, place, failed);
  }
}

/** Names, not classes: those would have to be loaded. */
function isOfEngine(error: Error): boolean {
  return ['CommandError', 'ConcurrentUpdateError', 'StackNotFoundError', 'StackAlreadyExistsError'].includes(
    error.name,
  );
}

type Engagement = 'preview' | 'up' | 'destroy' | 'import';

/** One run of the engine as a step: on the screen, in the journal, and with what it said and did. */
export async function engage(context: Context, name: Engagement, run: (seen: Seen) => Promise<unknown>): Promise<Seen> {
  const { operation, declared, place, stack } = context;
  return runStep(operation, {
    name,
    detail: `${place.project}/${place.stack}`,
    run: async (progress) => {
      const seen = watchEngine(declared, (text) => progress.progress(text));
      const doing = `anny-infra ${name}`;
      await translated(context, { doing: 'installing the provider of Vultr' }, () => installProvider(stack));
      await translated(context, { doing, seen, changes: name !== 'preview' }, () => run(seen));
      return seen;
    },
    describe: ({ changes }) => summaryOf(name, changes.length),
  });
}

function summaryOf(name: Engagement, changes: number): string {
  if (name === 'import') return 'done';
  if (changes === 0) return 'nothing to change';
  return `${changes} ${name === 'preview' ? 'to change' : 'changed'}`;
}
