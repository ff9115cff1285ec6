import type { Context } from './context.ts';
import { type Answering, markRelease, type Release } from './release.ts';

/**
 * Destroys a machine. The account refuses nobody, also not somebody who has slept while another took over and uses that machine by
 * now. So it is marked first, and what is marked nobody takes for anything; who has slept until the mark stops after it.
 * @param survivor Has all that the machine has; it is asked once more before the only other copy goes.
 */
export async function discard(context: Context, machine: Release, survivor?: Answering): Promise<void> {
  const { cloud, operation } = context;
  // "fenced" says that another machine took its place, and stays true.
  if (machine.tags.stage !== 'fenced') await markRelease(context, machine, { stage: 'discarded' });
  await operation.held.lease?.require();
  await survivor?.box.status();
  await cloud.destroyInstance(machine.instance.id);
}
