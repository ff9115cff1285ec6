import { sweepBakes } from '../../builder/sweep.ts';
import { whileHolding } from '../../lease/hold.ts';
import { OPERATION_ID_BYTES } from '../../operation/begin.ts';
import { AnnyError } from '../../operation/errors.ts';
import { runStep } from '../../operation/step.ts';
import type { Context } from '../context.ts';
import { observe } from '../observe.ts';
import type { Answering } from '../release.ts';
import { runCommand } from '../run-command.ts';
import { judge } from '../situation.ts';
import { takeBackup } from '../take-backup.ts';
import { type RepairAction, repairText } from './finding.ts';

/** Whoever runs the doctor has agreed to everything that it runs: none of it loses data. */
const AGREED = { plan: async () => undefined, destroy: async () => undefined };

/** Runs a repair by the same code as the command that it is, as an operation of its own. */
export async function runRepair(seen: Context, action: RepairAction): Promise<void> {
  const { operation } = seen;
  const id = operation.clock.randomHex(OPERATION_ID_BYTES);
  const context = { ...seen, operation: { ...operation, id, command: action.kind, undos: [], forward: false } };
  switch (action.kind) {
    case 'backup':
      return withMachine(context, undefined, async ({ tags, box }) => {
        await runStep(context.operation, {
          name: 'backup',
          detail: tags.release,
          run: () => takeBackup(box),
          describe: ({ name }) => name,
        });
      });
    case 'fence':
      return alone(context, action, ({ tags, box }) =>
        runStep(context.operation, { name: 'fence', detail: tags.release, run: () => box.fence() }),
      );
    case 'stop':
      return alone(context, action, ({ tags, box }) =>
        runStep(context.operation, { name: 'stop the app', detail: tags.release, run: () => box.stop() }),
      );
    case 'sweep':
      return sweepBakes(context, [action.operation]);
    default:
      await runCommand(context, action, AGREED);
  }
}

/** With the lease in hand, as every command that changes a machine. */
function alone(
  context: Context,
  action: Extract<RepairAction, { readonly kind: 'fence' | 'stop' }>,
  use: (machine: Answering) => Promise<void>,
): Promise<void> {
  const { operation, settings, lock } = context;
  const wish = { scope: settings.environment, command: repairText(action), ...lock };
  return whileHolding(operation, context, wish, () => withMachine(context, action.release, use));
}

/** The machine of a release, or the live one, as it is now; one that became the writer meanwhile is neither fenced nor stopped. */
async function withMachine(
  context: Context,
  release: string | undefined,
  use: (machine: Answering) => Promise<void>,
): Promise<void> {
  const world = await observe(context);
  try {
    const situation = judge(world);
    const writer = situation.kind === 'live' ? situation.writer : undefined;
    const machine = release === undefined ? writer : world.answering.find(({ tags }) => tags.release === release);
    if (machine === undefined || (release !== undefined && machine === writer)) {
      throw new AnnyError('REFUSED', {
        doing: context.operation.command,
        found: `${release ?? 'the live release'} is not what it was when the doctor looked`,
        next: 'anny-bluegreen doctor looks again',
      });
    }
    await use(machine);
  } finally {
    await world.close();
  }
}
