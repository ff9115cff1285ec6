import type { OperatorCommand } from '../../bluegreen/command.ts';
import type { Context } from '../../bluegreen/context.ts';
import { diagnose } from '../../bluegreen/doctor/diagnose.ts';
import type { Finding, RepairAction } from '../../bluegreen/doctor/finding.ts';
import { examine } from '../../bluegreen/doctor/observations.ts';
import { runRepair } from '../../bluegreen/doctor/run-repair.ts';
import { observe } from '../../bluegreen/observe.ts';
import type { Plan } from '../../bluegreen/plan.ts';
import { runCommand } from '../../bluegreen/run-command.ts';
import { type StatusView, statusOf } from '../../bluegreen/status.ts';

/** What an operator types, or lets the doctor do. */
export type Command = RepairAction | OperatorCommand;

/** What a command is told by its plan before anything happens. */
export type Announce = (plan: Plan) => void;

/** A command of anny-bluegreen, without the terminal around it. Resolves with the release that serves, if it says one. */
export async function run(context: Context, command: Command, announce: Announce): Promise<string | undefined> {
  if (command.kind === 'backup' || command.kind === 'fence' || command.kind === 'stop' || command.kind === 'sweep') {
    await runRepair(context, command);
    return undefined;
  }
  const outcome = await runCommand(context, command, {
    plan: async (plan) => announce(plan),
    destroy: async () => undefined,
  });
  return outcome.kind === 'serves' ? outcome.release.tags.release : undefined;
}

/** What status and doctor say. */
export async function look(context: Context): Promise<StatusView & { readonly findings: readonly Finding[] }> {
  const world = await observe(context);
  try {
    return { ...(await statusOf(context, world)), findings: diagnose(await examine(context, world)) };
  } finally {
    await world.close();
  }
}
