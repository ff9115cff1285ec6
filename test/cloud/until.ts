import { setTimeout } from 'node:timers/promises';

/** Asks until it is so; the test's own time limit ends what never is. */
export async function until(probe: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await probe())) await setTimeout(1);
}
