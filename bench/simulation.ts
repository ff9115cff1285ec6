import { tellMany } from '../test/simulation/crew.ts';
import type { Family } from './figure.ts';

const FIRST_SEED = 1;
const LASTS_MS = 60_000;
const AT_LEAST = 20_000;
const PER_MINUTE = 10_000;
const LIMIT_MS = 240_000;

/** Stories of the simulation, one seed after another on every core: for a minute, and until they are enough. */
export const simulation: Family = {
  name: 'simulation',
  run: async (tell) => {
    const begun = performance.now();
    const passed = (): number => performance.now() - begun;
    const { stories, failed } = await tellMany(FIRST_SEED, (heard) => {
      return passed() < LASTS_MS || (heard.stories < AT_LEAST && passed() < LIMIT_MS);
    });
    const perMinute = Math.round((stories / passed()) * 60_000);
    for (const { seed, violation } of failed) {
      process.stderr.write(`node test/simulation/run.ts ${seed}: ${violation}\n`);
    }
    tell({ name: 'simulation.runs', value: stories, unit: 'runs', atLeast: AT_LEAST });
    tell({ name: 'simulation.violations', value: failed.length, unit: 'runs', limit: 0 });
    tell({ name: 'simulation.runs_per_minute', value: perMinute, unit: 'runs/min', atLeast: PER_MINUTE });
  },
};
