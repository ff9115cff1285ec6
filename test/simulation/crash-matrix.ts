import { crashBuild } from './crash-build.ts';
import { ABORT, AGAIN, type Crashed, crash, pointsOf, RESUME, type Way } from './crash-points.ts';
import { SCENES, type Scene } from './crash-scenes.ts';

export const WAYS: readonly Way[] = [AGAIN, RESUME, ABORT];

/** Every point of one scene, gone on from in every way. */
export async function crashScene(scene: Scene): Promise<readonly Crashed[]> {
  const crashed: Crashed[] = [];
  for (const point of await pointsOf(scene)) {
    for (const way of WAYS) crashed.push(await crash(scene, point, way));
  }
  return crashed;
}

/** Every point of one scene, each gone on from in one of the ways in turn: a third of the time. */
export async function crashSceneInTurn(scene: Scene): Promise<readonly Crashed[]> {
  const crashed: Crashed[] = [];
  for (const [index, point] of (await pointsOf(scene)).entries()) {
    const way = WAYS[index % WAYS.length];
    if (way !== undefined) crashed.push(await crash(scene, point, way));
  }
  return crashed;
}

export async function crashAll(): Promise<readonly Crashed[]> {
  const all: Crashed[] = [...(await crashBuild())];
  for (const scene of SCENES) all.push(...(await crashScene(scene)));
  return all;
}

export function describeCrash({ point, way, problem, orphans }: Crashed): string {
  return `${point.scene}, ${point.step}, ${point.moment}, then ${way}: ${problem ?? (orphans > 0 ? `${orphans} things are left` : 'well')}`;
}
