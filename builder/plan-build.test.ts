import { describe, expect, test } from 'vitest';
import { planBuild, planText } from './plan-build.ts';
import { simulatedAccount } from './trial/account.ts';
import { bakeProject } from './trial/bake-project.ts';
import { baker } from './trial/baker.ts';

const WISH = { name: 'shop', force: false, onError: 'destroy' } as const;

describe('what a build would do', () => {
  test('is said without touching anything: every step, in the words in which the bake itself tells them', async () => {
    const account = simulatedAccount();
    const person = await baker(account, await bakeProject());
    const plan = await planBuild(person.context, WISH);
    expect(plan.images.map(({ name, why }) => ({ name, why }))).toEqual([
      { name: 'base', why: ['there is none yet'] },
      { name: 'shop', why: ['there is none yet'] },
    ]);
    expect(account.story).toEqual(['list snapshots']);
    await person.build();
    const told = person.entries.filter(({ event }) => event === 'intent').map(({ step }) => step);
    const planned = plan.images.flatMap(({ steps }) => steps.map(({ name }) => name));
    // A machine boots twice in a bake, and one line is enough for that.
    expect(planned).toEqual(told.filter((step, index) => step !== 'boot' || told[index - 1] === 'create builder'));
  });

  test('says how long each step took last time, also on another computer', async () => {
    const account = simulatedAccount();
    await (await baker(account, await bakeProject())).build();
    const elsewhere = await baker(account, await bakeProject(), 'op2');
    const { images } = await planBuild(elsewhere.context, { ...WISH, force: true });
    expect(images.map(({ name, snapshotId }) => `${name} ${snapshotId === null}`)).toEqual(['base false', 'shop true']);
    const wait = images[1]?.steps.find(({ name }) => name === 'wait for the snapshot');
    expect(wait?.lastTookSeconds).toBeGreaterThan(50);
    expect(planText({ images }, true)).toMatch(/last time it took \d+ s\n/);
  });
});
