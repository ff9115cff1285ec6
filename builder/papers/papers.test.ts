import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Image, imagesIn } from '../catalog.ts';
import { simulatedAccount } from '../trial/account.ts';
import { bakeProject } from '../trial/bake-project.ts';
import { baker } from '../trial/baker.ts';
import { trialSignatures } from '../trial/signatures.ts';
import { archiveIn } from './archive.ts';
import { contentsOf, type Papers, statementOf } from './papers.ts';
import { secondsOf } from './statement.ts';
import { vouch } from './vouch.ts';

async function baked() {
  const account = simulatedAccount();
  const directory = await bakeProject();
  await (await baker(account, directory)).build({ name: 'base' });
  const [image] = await imagesIn(account.cloud);
  if (image === undefined) throw new Error('nothing was baked');
  return { account, directory, image };
}

async function papersOf({ account, directory, image }: Awaited<ReturnType<typeof baked>>): Promise<Papers> {
  const papers = await archiveIn(account.cloud, directory).recall(image);
  return papers ?? expect.fail('it has no papers');
}

describe('the papers of an image', () => {
  test('say what is in it and where it comes from, by digests', async () => {
    const scene = await baked();
    const papers = await papersOf(scene);
    expect(contentsOf(papers)).toMatchObject({
      image: 'base',
      digest: scene.image.digest,
      system: { id: 'debian', version: '12' },
      packages: [{ name: 'nginx', version: '1.22.1-9' }],
      services: ['nginx.service'],
    });
    const statement = statementOf(papers) ?? expect.fail('it is no statement');
    expect(statement.subject[0]).toMatchObject({
      name: 'base',
      digest: { sha256: scene.image.digest },
      annotations: { snapshot: scene.image.snapshotId },
    });
    const inputs = statement.predicate.buildDefinition.resolvedDependencies.map(({ name }) => name);
    expect(inputs).toContain('definition images/base.yaml');
    expect(secondsOf(statement)['wait for the snapshot']).toBeGreaterThan(50);
  });

  test('are read on a computer that has nothing but the key of the account, and kept there', async () => {
    const scene = await baked();
    const here = await papersOf(scene);
    const elsewhere = { ...scene, directory: await bakeProject() };
    expect(await papersOf(elsewhere)).toEqual(here);
    const [folder = ''] = await readdir(join(elsewhere.directory, '.anny', 'images'));
    const path = join(elsewhere.directory, '.anny', 'images', folder, 'provenance.intoto.json');
    expect(await readFile(path, 'utf8')).toBe(here.statement);
  });

  test('are read from the account where files here are torn', async () => {
    const scene = await baked();
    const here = await papersOf(scene);
    const [folder = ''] = await readdir(join(scene.directory, '.anny', 'images'));
    await rm(join(scene.directory, '.anny', 'images', folder, 'provenance.intoto.json.sig'));
    expect(await papersOf(scene)).toEqual(here);
  });

  test('are those of one bake: a second one of the same digest has its own', async () => {
    const scene = await baked();
    const first = await papersOf(scene);
    await (await baker(scene.account, scene.directory, 'op2')).build({ name: 'base', force: true });
    const [image = scene.image] = await imagesIn(scene.account.cloud);
    expect(image.digest).toBe(scene.image.digest);
    expect((await papersOf({ ...scene, image })).statement).not.toBe(first.statement);
    expect(await papersOf(scene)).toEqual(first);
  });
});

describe('an image is vouched for', () => {
  const OURS = { ops: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl' };
  const signatures = trialSignatures('op1');
  const judge = async (image: Image, papers: Papers | undefined, signers: Record<string, string> = {}) =>
    vouch(signatures, signers, image, papers);

  test('when it is the one that was signed', async () => {
    const scene = await baked();
    expect(await judge(scene.image, await papersOf(scene))).toEqual({
      ...{ kind: 'signed', by: 'SHA256:op1', environment: 'production' },
    });
  });

  test('not when nobody signed it', async () => {
    const { image } = await baked();
    expect(await judge(image, undefined)).toEqual({ kind: 'without papers' });
  });

  test.each<[string, (scene: { image: Image; papers: Papers }) => { image: Image; papers: Papers }, RegExp]>([
    [
      'its provenance was changed',
      ({ image, papers }) => ({ image, papers: { ...papers, statement: papers.statement.replace('base', 'best') } }),
      /signature is not one over/,
    ],
    [
      'its list of contents was changed',
      ({ image, papers }) => ({
        image,
        papers: { ...papers, contents: papers.contents.replace('1.22.1-9', '1.22.1-1') },
      }),
      /list of contents is not the one/,
    ],
    [
      'another snapshot took its description',
      ({ image, papers }) => ({ image: { ...image, snapshotId: 'another' as Image['snapshotId'] }, papers }),
      /is that of snapshot snapshot-\d+, and this is another/,
    ],
    [
      'its description names another digest',
      ({ image, papers }) => ({ image: { ...image, digest: 'f'.repeat(64) }, papers }),
      /its provenance is that of base/,
    ],
  ])('not when %s', async (_what, change, found) => {
    const scene = await baked();
    const changed = change({ image: scene.image, papers: await papersOf(scene) });
    expect(await judge(changed.image, changed.papers)).toEqual({ kind: 'wrong', found: expect.stringMatching(found) });
  });

  test('not when its description in the account was given another digest, which has no papers', async () => {
    const scene = await baked();
    const image = { ...scene.image, digest: 'f'.repeat(64) };
    const vouched = await judge(image, await papersOf({ ...scene, image }));
    expect(vouched).toEqual({ kind: 'wrong', found: expect.stringMatching(/its provenance is that of base/) });
  });

  test('not when a key signed it that is none of image.signers', async () => {
    const scene = await baked();
    const vouched = await judge(scene.image, await papersOf(scene), OURS);
    expect(vouched).toMatchObject({ kind: 'wrong', found: expect.stringContaining('none of image.signers (ops)') });
  });
});
