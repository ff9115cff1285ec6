import { describeClaim } from '../lease/claim-text.ts';
import type { Lease } from '../lease/lease.ts';
import { commandText } from './command.ts';
import type { Context } from './context.ts';
import { readWork, type Work } from './work.ts';

/** A command that was cut off, and who ran it. */
export interface Interrupted {
  readonly work: Work;
  readonly who: string;
}

/** The last command that was cut off: the account knows, whatever computer it ran on; else the journal here may. */
export async function findInterrupted(context: Context, lease: Lease): Promise<Interrupted | undefined> {
  const work = readWork(lease.left?.claim.work);
  if (work !== undefined) return { work, who: describeClaim(lease.left?.claim) };
  return fromJournal(context);
}

async function fromJournal({ operation }: Context): Promise<Interrupted | undefined> {
  const entries = await operation.journal.entries();
  const begin = entries.findLast(({ event }) => event === 'begin');
  if (begin === undefined) return undefined;
  const over = entries.some((one) => one.operation === begin.operation && one.event === 'end');
  const work = over ? undefined : readWork(parsed(begin.data?.work));
  return work === undefined ? undefined : { work, who: `here: ${commandText(work.command)}` };
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
