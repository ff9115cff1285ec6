import type { HookEvent } from '../config/schema.ts';
import { AnnyError } from '../operation/errors.ts';
import { runStep, warn } from '../operation/step.ts';
import type { Context } from './context.ts';
import { type HookFacts, hookVariables } from './hook-variables.ts';

/** A hook that decides: when it fails the command ends, with nothing moved. */
export async function hookBefore(context: Context, event: HookEvent, facts: HookFacts): Promise<void> {
  const path = context.hooks.pathOf(event);
  if (path === undefined) return;
  const { operation } = context;
  await runStep(operation, {
    name: `hook ${event}`,
    detail: path,
    run: async () => {
      const { ok, stopped, output } = await runIt(
        context,
        event,
        facts,
        operation.forward ? undefined : operation.interrupt,
      );
      if (ok) return;
      throw new AnnyError(stopped ? 'INTERRUPTED' : 'HOOK_FAILED', {
        doing: `running the hook ${event} (${path})`,
        found: output,
        next: 'nothing was moved; mend what it complains about, then run the same command again',
      });
    },
  });
}

/** A hook that is told: what happened has happened, so its failure is a warning and no more. */
export async function hookAfter(context: Context, event: HookEvent, facts: HookFacts): Promise<void> {
  const path = context.hooks.pathOf(event);
  if (path === undefined) return;
  const { operation } = context;
  // Also when the command was stopped: a failed one, say.
  await runStep(
    { ...operation, forward: true },
    {
      name: `hook ${event}`,
      detail: path,
      run: async () => {
        const { ok, output } = await runIt(context, event, facts, undefined);
        if (!ok)
          throw new AnnyError('HOOK_FAILED', { doing: `running the hook ${event} (${path})`, found: output, next: '' });
      },
    },
  ).catch((error: unknown) => {
    if (!(error instanceof AnnyError)) throw error;
    warn(operation, `hook ${event} (${path}) failed: ${error.found}`);
  });
}

/** Tells a failure to the hook for it, and lets the failure go on. */
export async function withFailureHook<T>(context: Context, facts: HookFacts, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof AnnyError) await hookAfter(context, 'on-failure', { ...facts, error });
    throw error;
  }
}

function runIt(context: Context, event: HookEvent, facts: HookFacts, stop: AbortSignal | undefined) {
  return context.hooks.run({
    event,
    variables: hookVariables(context, event, facts),
    line: (text) => context.operation.report.note(text),
    stop,
  });
}
