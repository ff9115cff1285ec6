import { describe, expect, test } from 'vitest';
import { crashBuildInTurn } from './crash-build.ts';
import { crashSceneInTurn, describeCrash } from './crash-matrix.ts';
import { pointsOf } from './crash-points.ts';
import { SCENES } from './crash-scenes.ts';

describe('a command that is killed at any step, before it, after it and once that is written down, ends well', () => {
  test.each(SCENES.map((scene) => ({ ...scene })))('$name', { timeout: 60_000 }, async (scene) => {
    const crashed = await crashSceneInTurn(scene);
    const bad = crashed.filter(({ problem }) => problem !== undefined).map(describeCrash);
    expect(bad[0]).toBeUndefined();
    expect(crashed).toHaveLength((await pointsOf(scene)).length);
  });

  test('build', { timeout: 60_000 }, async () => {
    const crashed = await crashBuildInTurn();
    expect(crashed.filter(({ problem }) => problem !== undefined).map(describeCrash)[0]).toBeUndefined();
    expect(crashed.filter(({ orphans }) => orphans > 0)).toEqual([]);
    const steps = new Set(crashed.map(({ point }) => point.step));
    for (const step of ['create builder', 'app image', 'snapshot', 'mark tested', 'destroy test machine']) {
      expect(steps).toContain(step);
    }
  });

  test('and all steps of a handover are among them', async () => {
    const points = await Promise.all(SCENES.map(pointsOf));
    const steps = new Set(points.flat().map(({ step }) => step));
    for (const step of ['create machine', 'hold', 'take over', 'commit', 'activate', 'switch', 'fence', 'retire']) {
      expect(steps).toContain(step);
    }
  });
});
