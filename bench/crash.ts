import { crashAll, describeCrash } from '../test/simulation/crash-matrix.ts';
import type { Family } from './figure.ts';

/** Every step of every command, killed before it, after it and once that is written down, then gone on from elsewhere. */
export const crash: Family = {
  name: 'crash',
  run: async (tell) => {
    const all = await crashAll();
    const bad = all.filter(({ problem }) => problem !== undefined);
    for (const one of bad) process.stderr.write(`${describeCrash(one).split('\n')[0]}\n`);
    const points = Map.groupBy(all, ({ point: { scene, line, moment } }) => `${scene} ${line} ${moment}`);
    const covered = [...points.values()].filter((ways) => ways.every(({ problem }) => problem === undefined));
    tell({ name: 'crash.points_covered', value: covered.length, unit: 'points', atLeast: points.size });
    tell({ name: 'crash.points_total', value: points.size, unit: 'points' });
    const orphans = all.reduce((sum, one) => sum + one.orphans, 0);
    tell({ name: 'orphans.after_kill9', value: orphans, unit: 'machines', limit: 0 });
  },
};
