import { AnnyError } from '../../operation/errors.ts';
import { type Command, look as lookAt, run } from './commands.ts';
import type { Watch } from './invariants.ts';
import { open } from './open.ts';
import { HERE, type Incident, operator, takeTurn } from './operator.ts';
import { checkEnding, checkPlan, type Ending, look, type Seen, type Told } from './told.ts';
import type { World } from './world.ts';

/** Runs one command to its end, or to where it is killed, and holds it to what its exit code says. */
export async function perform(
  world: World,
  watch: Watch,
  command: Command,
  incidents: readonly Incident[] = [],
  computer = HERE,
): Promise<Ending> {
  const running = begin(world, command, incidents, computer);
  await world.timeline.run(() => concluded(running), watch.check);
  return endingOf(running);
}

/** The same command line, typed by somebody else while the first still runs. */
export interface Rival {
  readonly command: Command;
  readonly incidents: readonly Incident[];
  readonly computer: string;
  readonly afterMs: number;
}

/** Two operators at once. What each is told of the world holds as far as the other did not change it. */
export async function performBoth(
  world: World,
  watch: Watch,
  command: Command,
  incidents: readonly Incident[],
  rival: Rival,
): Promise<readonly [Ending, Ending]> {
  const first = begin(world, command, incidents, HERE);
  let second: Running | undefined;
  world.timeline.wakeAfter(rival.afterMs, () => {
    second = begin(world, rival.command, rival.incidents, rival.computer);
  });
  await world.timeline.run(() => {
    const ends = [concluded(first), second !== undefined && concluded(second)];
    return ends.every((over) => over);
  }, watch.check);
  if (second === undefined) throw new Error('the second command has not begun');
  return [endingOf(first), endingOf(second)];
}

interface Running extends Told {
  readonly world: World;
  /** What there was when it was its turn; before that it changes nothing. */
  seen: Seen;
  ending: Ending | undefined;
  bug: unknown;
  isConcluded: boolean;
}

function begin(world: World, command: Command, incidents: readonly Incident[], computer: string): Running {
  world.tell(`$ ${Object.values(command).join(' ')}${computer === HERE ? '' : ` (${computer})`}`);
  const caller = operator(world.random.hex(4), incidents, computer);
  if (command.kind === 'retire' && command.force) world.forced = command.release;
  const running: Running = {
    ...{ world, command, caller, seen: look(world, caller) },
    ...{ ending: undefined, bug: undefined, isConcluded: false },
  };
  caller.killed = () => {
    running.ending = { kind: 'killed' };
  };
  const context = open(world, caller, command.kind, () => {
    takeTurn(world, caller);
    running.seen = look(world, caller);
  });
  run(context, command, (plan) => checkPlan(running, plan)).then(
    (release) => {
      running.ending = { kind: 'success', release };
    },
    (error: unknown) => {
      if (error instanceof AnnyError) world.tell(`  ${error.code} ${error.message}`);
      if (error instanceof AnnyError) running.ending = { kind: 'failure', exitCode: error.exitCode, code: error.code };
      else running.bug = error;
    },
  );
  return running;
}

function endingOf({ ending, bug }: Running): Ending {
  if (ending !== undefined) return ending;
  throw bug;
}

/** Whether it has ended; in the moment that it has, it is held to what it says. */
function concluded(running: Running): boolean {
  const { world, command, caller, ending, bug } = running;
  if (running.isConcluded || bug !== undefined) return true;
  if (ending === undefined) return false;
  running.isConcluded = true;
  world.living.delete(caller.process);
  if (command.kind === 'retire' && command.force) world.forced = undefined;
  world.tell(`= ${ending.kind === 'failure' ? `exit ${ending.exitCode} ${ending.code}` : ending.kind}`);
  checkEnding(running, ending);
  return true;
}

export async function lookAround(world: World, watch: Watch) {
  const caller = operator(world.random.hex(4), []);
  let seen: Awaited<ReturnType<typeof lookAt>> | undefined;
  let failed: unknown;
  lookAt(open(world, caller, 'status')).then(
    (view) => {
      seen = view;
    },
    (error: unknown) => {
      failed = error;
    },
  );
  await world.timeline.run(() => seen !== undefined || failed !== undefined, watch.check);
  if (seen === undefined) throw failed;
  return seen;
}
