import { describe, expect, test } from 'vitest';
import { buildAll } from './build-all.ts';
import { simulatedAccount } from './trial/account.ts';
import { baker } from './trial/baker.ts';
import { projectWith } from './trial/project.ts';
import type { Temper } from './trial/temper.ts';

const PROJECT = {
  'images/base.yaml': 'name: base\nos: true\n',
  'images/web.yaml': 'name: web\nparent: base\nrun: [make-web]\n',
  'images/worker.yaml': 'name: worker\nparent: base\nrun: [make-worker]\n',
};

async function bakeBoth(temper: Partial<Temper> = {}) {
  const account = simulatedAccount(temper);
  const { context } = await baker(account, await projectWith(PROJECT));
  const wish = { force: false, onError: 'destroy' } as const;
  const built = buildAll(
    context,
    [
      { name: 'web', ...wish },
      { name: 'worker', ...wish },
    ],
    async () => false,
  );
  return { account, built };
}

describe('images that do not stand on each other', () => {
  test('are baked side by side, and what both stand on once', async () => {
    const { account, built } = await bakeBoth();
    expect((await built).map(({ name }) => name).sort()).toEqual(['base', 'web', 'worker']);
    expect(
      account
        .images()
        .map((image) => `${image?.name} ${image?.stage}`)
        .sort(),
    ).toEqual([...['base tested', 'web tested', 'worker tested']]);
    const creates = account.story.flatMap((name, index) => (name === 'create bake' ? [index] : []));
    // The second of the two begins before the first has its snapshot.
    const [, second = 0, third = 0] = creates;
    expect(account.story.slice(second, third)).not.toContain('create snapshot');
    expect({ machines: account.machines(), notes: account.notes() }).toEqual({ machines: [], notes: [] });
  });

  test('do not stop each other: one that fails says so, and the other is there', async () => {
    const { account, built } = await bakeBoth({ failingScript: 'make-web' });
    await expect(built).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      doing: 'baking web',
      found: expect.stringMatching(/^1 failed; base, worker are there and stay\n {2}web: /),
    });
    expect(
      account
        .images()
        .map((image) => image?.name)
        .sort(),
    ).toEqual(['base', 'worker']);
    expect(account.machines()).toEqual([]);
  });
});
