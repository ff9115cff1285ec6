import { changeApp } from '../demo/project.ts';
import type { Family } from './figure.ts';
import { onGround, secondsOf } from './ground.ts';

/** Baking everything, baking a changed app on the same base, and baking nothing. */
export const bake: Family = {
  name: 'bake',
  run: (tell) =>
    onGround(async (stage) => {
      const full = await secondsOf(() => stage.image('build'));
      const unchanged = await secondsOf(() => stage.image('build'));
      await changeApp(stage.project, new Date());
      const appOnly = await secondsOf(() => stage.image('build'));
      tell({ name: 'bake.full_s', value: full, unit: 's' });
      tell({ name: 'bake.unchanged_s', value: unchanged, unit: 's', limit: 1 });
      tell({
        name: 'bake.app_only_over_full',
        value: ratio(appOnly, full),
        unit: 'ratio',
        peer: `full bake ${full} s`,
      });
    }),
};

function ratio(part: number, whole: number): number {
  return Math.round((part / whole) * 100) / 100;
}
