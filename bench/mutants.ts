import { control, hunts } from '../test/mutants/hunts.ts';
import { MUTANTS } from '../test/mutants/mutants.ts';
import type { Family } from './figure.ts';

/** Stories that each mutant is let through; most are caught by a scenario or a crash before. */
const SEEDS = 1_500;
const AT_LEAST = 25;

/** Planted defects, one at a time: the scenarios, the crash matrix and the stories must catch each. */
export const mutants: Family = {
  name: 'mutants',
  run: async (tell) => {
    const found = await control(SEEDS);
    if (found !== undefined) throw new Error(`something is wrong without any mutant: ${found}`);
    let caught = 0;
    await hunts(MUTANTS, SEEDS, ({ mutant, by }) => {
      if (by !== undefined) caught += 1;
      process.stderr.write(`${by === undefined ? 'NOT CAUGHT' : 'caught'}  ${mutant.name}  (${by ?? mutant.breaks})\n`);
    });
    tell({ name: 'mutants.caught', value: caught, unit: 'mutants', atLeast: MUTANTS.length });
    tell({ name: 'mutants.total', value: MUTANTS.length, unit: 'mutants', atLeast: AT_LEAST });
  },
};
