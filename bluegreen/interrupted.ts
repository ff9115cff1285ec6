import { describeClaim } from '../lease/claim-text.ts';
import type { Begun } from './begin-command.ts';
import { commandText } from './command.ts';
import type { Context } from './context.ts';
import type { World } from './observe.ts';
import { readWork, type Work } from './work.ts';

/** A command that was cut off, and who ran it. */
export interface Interrupted {
  readonly work: Work;
  readonly who: string;
}

/** The last command that was cut off: the account knows, whatever computer it ran on; else the journal here may. */
export async function findInterrupted(
  context: Context,
  { lease, observed }: Pick<Begun, 'lease' | 'observed'>,
): Promise<Interrupted | undefined> {
  const work = readWork(lease.left?.claim.work);
  if (work !== undefined) return { work, who: describeClaim(lease.left?.claim) };
  return fromJournal(context, observed.world);
}

/** The names of all releases that there are. */
export function releaseNames({ answering, silent }: World): readonly string[] {
  return [...answering, ...silent].map(({ tags }) => tags.release);
}

/** Where others have made a machine since, they went on from what was cut off, and what was chosen then is not the newest any more. */
async function fromJournal({ operation }: Context, world: World): Promise<Interrupted | undefined> {
  const entries = await operation.journal.entries();
  const begin = entries.findLast(({ event }) => event === 'begin');
  if (begin === undefined) return undefined;
  const over = entries.some((one) => one.operation === begin.operation && one.event === 'end');
  const work = over ? undefined : readWork(parsed(begin.data?.work));
  if (work === undefined || othersWentOn(world, work, begin.data?.beside)) return undefined;
  return { work, who: `here: ${commandText(work.command)}` };
}

/** @param beside The releases that there were when it began; of an earlier version it is not known. */
function othersWentOn({ answering, silent }: World, { operations }: Work, beside: unknown): boolean {
  if (typeof beside !== 'string') return false;
  const known = beside.split(' ');
  return [...answering, ...silent].some(
    ({ tags }) => !known.includes(tags.release) && !operations.includes(tags.operation),
  );
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
