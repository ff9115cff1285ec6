import type { ReleaseCommand } from '../../bluegreen/command.ts';
import type { Context } from '../../bluegreen/context.ts';
import { observe } from '../../bluegreen/observe.ts';
import type { Plan } from '../../bluegreen/plan.ts';
import { runCommand } from '../../bluegreen/run-command.ts';
import { type StatusView, statusOf } from '../../bluegreen/status.ts';

/** What an operator types. */
export type Command = ReleaseCommand;

/** What a command is told by its plan before anything happens. */
export type Announce = (plan: Plan) => void;

/** A command of anny-bluegreen, without the terminal around it. Resolves with the release that serves, if it says one. */
export async function run(context: Context, command: Command, announce: Announce): Promise<string | undefined> {
  const outcome = await runCommand(context, command, {
    plan: async (plan) => announce(plan),
    destroy: async () => undefined,
  });
  return outcome.kind === 'serves' ? outcome.release.tags.release : undefined;
}

export async function look(context: Context): Promise<StatusView> {
  const world = await observe(context);
  try {
    return await statusOf(context, world);
  } finally {
    await world.close();
  }
}
