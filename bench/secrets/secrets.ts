import type { BakeContext } from '../../builder/bake-context.ts';
import { withBakeMachine } from '../../builder/bake-machine.ts';
import { imagesIn, latestTested } from '../../builder/catalog.ts';
import { needleStream, needlesOf } from '../../builder/needles.ts';
import { readHits, type SearchPlace, searchScript } from '../../builder/secret-search.ts';
import type { Family } from '../figure.ts';
import { onGround } from '../ground.ts';
import { bakeContextOf } from '../stage-context.ts';
import { PLANTS, type Plant, secretFor } from './plants.ts';

const AT_LEAST = 20;
const TIMEOUT_MS = 5 * 60_000;

/** Every kind of forgotten secret at once on a machine that was booted from the image, and what both find of it: the search of the whole disk, and that of the changes. */
export const secrets: Family = {
  name: 'secrets',
  run: (tell) =>
    onGround(async (stage) => {
      await stage.image('build');
      const context = await bakeContextOf(stage);
      const found = await plantAndSearch(context);
      for (const { name } of PLANTS.filter((plant) => !found.includes(plant)))
        process.stderr.write(`not found: a secret in ${name}\n`);
      tell({ name: 'secrets.planted', value: PLANTS.length, unit: 'kinds', atLeast: AT_LEAST });
      tell({ name: 'secrets.found', value: found.length, unit: 'kinds', atLeast: PLANTS.length });
    }),
};

export async function plantAndSearch(context: BakeContext): Promise<readonly Plant[]> {
  const image = latestTested(await imagesIn(context.cloud), context.settings.config.image.name);
  if (image === undefined) throw new Error('nothing was baked');
  const values = new Map(PLANTS.map(({ name }, index) => [name, secretFor(index)]));
  const needles = needlesOf({ secretValues: () => values });
  const request = {
    what: 'boot-test',
    identity: { ...image, inputs: [] },
    from: { snapshotId: image.snapshotId },
  } as const;
  return withBakeMachine(context, request, async ({ shell }) => {
    for (const { name, script } of PLANTS) await shell.run(script(values.get(name) ?? ''), { timeoutMs: TIMEOUT_MS });
    const search = async (place: SearchPlace): Promise<readonly string[]> => {
      const output = await shell.run(searchScript(place), { stdin: needleStream(needles), timeoutMs: TIMEOUT_MS });
      return readHits(output, needles, 'cleaned');
    };
    const searches = [await search({}), await search({ changed: {} })];
    return PLANTS.filter(({ name, foreign }) =>
      searches.every((hits) =>
        hits.some((hit) => (foreign === undefined ? hit.endsWith(` holds ${name}`) : hit.startsWith(foreign))),
      ),
    );
  });
}
