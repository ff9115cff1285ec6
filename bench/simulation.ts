import { tellStory } from '../test/simulation/story.ts';
import type { Family } from './figure.ts';

const LASTS_MS = 60_000;

/** Stories of the simulation, one seed after another, for a minute. */
export const simulation: Family = {
  name: 'simulation',
  run: async (tell) => {
    const begun = performance.now();
    let runs = 0;
    let violations = 0;
    while (performance.now() - begun < LASTS_MS) {
      runs += 1;
      if ((await tellStory(runs)).violation !== undefined) violations += 1;
    }
    const perMinute = Math.round((runs / (performance.now() - begun)) * 60_000);
    tell({ name: 'simulation.runs', value: runs, unit: 'runs' });
    tell({ name: 'simulation.violations', value: violations, unit: 'runs', limit: 0 });
    tell({ name: 'simulation.runs_per_minute', value: perMinute, unit: 'runs/min' });
  },
};
