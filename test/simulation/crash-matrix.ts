import { crashBuild } from './crash-build.ts';
import { AGAIN, type Crashed, crash, pointsOf, type Way } from './crash-points.ts';
import { SCENES, type Scene } from './crash-scenes.ts';

export const WAYS: readonly Way[] = [AGAIN];

/** Every point of one scene, gone on from in every way. */
export async function crashScene(scene: Scene): Promise<readonly Crashed[]> {
  const crashed: Crashed[] = [];
  for (const point of await pointsOf(scene)) {
    for (const way of WAYS) crashed.push(await crash(scene, point, way));
  }
  return crashed;
}

export async function crashAll(): Promise<readonly Crashed[]> {
  const all: Crashed[] = [...(await crashBuild())];
  for (const scene of SCENES) all.push(...(await crashScene(scene)));
  return all;
}

export function describeCrash({ point, way, problem }: Crashed): string {
  return `${point.scene}, ${point.step}, ${point.moment}, then ${way}: ${problem ?? 'well'}`;
}
