import { describe, expect, test } from 'vitest';
import { build } from './build.ts';
import { readReport } from './hardening.ts';
import { simulatedAccount } from './trial/account.ts';
import { baker } from './trial/baker.ts';
import { projectWith } from './trial/project.ts';

const REPORT = `suggestion[]=SSH-7408|Consider hardening SSH configuration|Compression (set YES to NO)|-|
warning[]=PKGS-7392|Found one or more vulnerable packages.|-|-|
hardening_index=72
`;

test('the report of lynis is read: its index, and its advice, warnings first', () => {
  expect(readReport(REPORT)).toEqual({
    index: 72,
    advice: ['PKGS-7392: Found one or more vulnerable packages.', 'SSH-7408: Consider hardening SSH configuration'],
  });
  expect(() => readReport('')).toThrow('it has no hardening index');
});

describe('a definition with a bar for lynis', () => {
  const project = (bar: number, config = 'image: {}\n') =>
    projectWith({
      'config.yaml': config,
      'images/base.yaml': `name: base\nos: true\ntests:\n  hardening: { lynis: ${bar} }\n`,
    });
  const bakeIn = async (directory: string) => {
    const account = simulatedAccount({ lynisSays: REPORT });
    const { context } = await baker(account, directory);
    const wish = { name: 'base', force: false, onError: 'destroy' } as const;
    return { account, built: build(context, wish, async () => false) };
  };

  test('makes an image that reaches it', async () => {
    const { built } = await bakeIn(await project(72));
    expect(await built).toMatchObject([{ name: 'base', baked: true }]);
  });

  test('makes none that does not, says what lynis advises, and leaves nothing', async () => {
    const { account, built } = await bakeIn(await project(80));
    await expect(built).rejects.toMatchObject({
      code: 'IMAGE_TEST_FAILED',
      found: expect.stringMatching(/lynis index 72, wanted at least 80.*\n {2}PKGS-7392: Found/),
    });
    expect({ machines: account.machines(), images: account.images() }).toEqual({ machines: [], images: [] });
  });

  test('asks nothing where image.hardening is false', async () => {
    const { built } = await bakeIn(await project(80, 'image:\n  hardening: false\n'));
    expect(await built).toMatchObject([{ name: 'base', baked: true }]);
  });
});
