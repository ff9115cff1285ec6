import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { build } from '../builder/build.ts';
import { type Image, imagesIn } from '../builder/catalog.ts';
import { archiveIn, dropPapers } from '../builder/papers/archive.ts';
import { vouch } from '../builder/papers/vouch.ts';
import { simulatedAccount } from '../builder/trial/account.ts';
import { bakeProject } from '../builder/trial/bake-project.ts';
import { baker } from '../builder/trial/baker.ts';
import type { LoadedSettings } from '../config/settings.ts';
import { chooseImage } from './choose-image.ts';

/** Who bakes and promotes in one account for several environments, from one directory. */
async function shared() {
  const account = simulatedAccount();
  const directory = await bakeProject();
  const { context } = await baker(account, directory);
  const { signatures, operation } = context;
  const settingsOf = (environment: string, place = directory): LoadedSettings => {
    const { settings } = context;
    return {
      ...settings,
      ...{ environment, directory: place },
      config: { ...settings.config, image: { ...settings.config.image, name: 'shop' } },
    };
  };
  const bakeFor = async (environment: string): Promise<Image> => {
    const wish = { name: 'shop', force: true, onError: 'destroy' } as const;
    await build({ ...context, settings: settingsOf(environment) }, wish, async () => false);
    const [newest = expect.fail('nothing was baked')] = await imagesIn(account.cloud);
    return newest;
  };
  const choose = (environment: string, digest?: string, place = directory): Promise<Image> => {
    const archive = archiveIn(account.cloud, place);
    const vouching = { vouch: async (image: Image) => vouch(signatures, {}, image, await archive.recall(image)) };
    return chooseImage({ settings: settingsOf(environment, place), cloud: account.cloud, vouching, operation }, digest);
  };
  const change = (): Promise<void> => appendFile(join(directory, 'images', 'shop.yaml'), '# changed\n');
  return { account, operation, bakeFor, choose, change };
}

describe('of the images that environments of an account share', () => {
  test('the newest that was baked for this one is brought up, however new the others are', async () => {
    const { bakeFor, choose, change } = await shared();
    const ours = await bakeFor('production');
    await change();
    const theirs = await bakeFor('staging');
    await change();
    expect(await choose('production')).toEqual(ours);
    expect(await choose('staging')).toEqual(theirs);
  });

  test('none is where all were baked for others, but for a wish, which is told what it gets', async () => {
    const { bakeFor, choose, change, operation } = await shared();
    const theirs = await bakeFor('staging');
    await change();
    await expect(choose('production')).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      found: expect.stringContaining(`${theirs.digest.slice(0, 12)} for staging`),
    });
    expect(operation.warnings).toEqual([]);
    expect(await choose('production', theirs.digest.slice(0, 12))).toEqual(theirs);
    expect(operation.warnings).toEqual([expect.stringContaining('was baked for staging')]);
  });

  test('one that another baked is where a build here would make just the same', async () => {
    const { bakeFor, choose, operation } = await shared();
    const theirs = await bakeFor('staging');
    expect(await choose('production')).toEqual(theirs);
    expect(await choose('production', theirs.digest)).toEqual(theirs);
    expect(operation.warnings).toEqual([]);
  });

  test('one without papers is: the snapshot may be all that is left, and the computer a new one', async () => {
    const { account, bakeFor, choose } = await shared();
    const left = await bakeFor('staging');
    await dropPapers(account.cloud, left);
    expect(await choose('production', undefined, await bakeProject())).toEqual(left);
  });
});
