import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { build } from './build.ts';
import { describeImage } from './catalog.ts';
import { readChain } from './definition.ts';
import { type Identity, identify } from './digest.ts';
import { planBuild } from './plan-build.ts';
import { type Account, simulatedAccount } from './trial/account.ts';
import { bakeProject } from './trial/bake-project.ts';
import { type Baker, baker } from './trial/baker.ts';
import { addFiles, settingsIn } from './trial/project.ts';
import { CALM, type Fault, type Temper } from './trial/temper.ts';

async function identitiesIn(directory: string): Promise<readonly [Identity, Identity]> {
  const [base, shop] = await identify(await settingsIn(directory), await readChain(directory, 'shop'));
  if (base === undefined || shop === undefined) throw new Error('two images were expected');
  return [base, shop];
}

function tested({ name, digest, parent }: Identity): string {
  return describeImage({ name, digest, parent, stage: 'tested', operation: 'earlier' });
}

function names(account: Account): string[] {
  return account.images().map((image) => `${image?.name} ${image?.stage}`);
}

describe('a bake', () => {
  test('makes each image of the chain, tested, and leaves nothing else', async () => {
    const account = simulatedAccount();
    const built = await (await baker(account, await bakeProject())).build();
    expect(built.map(({ name, baked }) => `${name} ${baked}`)).toEqual(['base true', 'shop true']);
    expect(names(account)).toEqual(['base tested', 'shop tested']);
    expect({ machines: account.machines(), shells: account.openShells() }).toEqual({ machines: [], shells: 0 });
  });

  test('boots what it has baked before it is called tested, and never shows a moment without a machine', async () => {
    const account = simulatedAccount();
    await (await baker(account, await bakeProject())).build({ name: 'base' });
    const order = account.story.filter((name) => /^(create|destroy|describe) (?!note)/.test(name));
    expect(order).toEqual([
      ...[
        'create bake',
        'create snapshot',
        'create boot-test',
        'destroy machine',
        'destroy machine',
        'describe snapshot',
      ],
    ]);
  });

  test.each([
    ['at once, for its machine boots soon', ['base', 'shop'], 0],
    ['once what is below needs this computer no more, where that is baked too', ['shop'], 1],
  ])('builds the app %s', async (_when, wishes, machines) => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const shop = 'name: shop\nparent: base\napp: true\n';
    await addFiles(directory, { 'images/shop.yaml': shop, 'app/Dockerfile': 'FROM scratch\n' });
    const begun: string[][] = [];
    for (const name of wishes) {
      const { context } = await baker(account, directory);
      const beginApp: typeof context.beginApp = (settings, stop) => {
        begun.push(account.story.filter((what) => what === 'create bake'));
        return context.beginApp(settings, stop);
      };
      account.story.length = 0;
      await build({ ...context, beginApp }, { name, force: false, onError: 'destroy' }, async () => false);
    }
    expect(begun).toEqual([Array.from({ length: machines }, () => 'create bake')]);
  });

  test('is not made when a tested image with the digest exists: one listing, no machine, no parent needed', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const [, shop] = await identitiesIn(directory);
    const id = account.addSnapshot(tested(shop));
    const built = await (await baker(account, directory)).build();
    expect(built).toMatchObject([{ name: 'shop', baked: false, snapshotId: id }]);
    expect(account.story).toEqual(['list snapshots']);
  });

  test('stands on a parent that exists', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const [base] = await identitiesIn(directory);
    account.addSnapshot(tested(base));
    const built = await (await baker(account, directory)).build();
    expect(built.map(({ name, baked }) => `${name} ${baked}`)).toEqual(['base false', 'shop true']);
    expect(account.story.filter((name) => name === 'create bake')).toHaveLength(1);
  });

  test.each([
    ['it is a candidate only', { stage: 'candidate', ageMs: 0 } as const, 'the last one is not tested'],
    [
      'it is older than image.max_age',
      { stage: 'tested', ageMs: 8 * 24 * 3_600_000 } as const,
      'its packages are older than image.max_age (7 days)',
    ],
  ])('is made although there is one when %s, and says so', async (_when, { stage, ageMs }, why) => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const [base] = await identitiesIn(directory);
    account.addSnapshot(describeImage({ ...base, stage, operation: 'earlier' }));
    await account.clock.sleep(ageMs);
    const person = await baker(account, directory);
    expect(await person.build({ name: 'base' })).toMatchObject([{ baked: true, why: [why] }]);
    expect(person.notes).toContainEqual(expect.stringContaining(`(${why})`));
  });

  test('is made again with --force, on the parent as it is', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    for (const one of await identitiesIn(directory)) account.addSnapshot(tested(one));
    const built = await (await baker(account, directory)).build({ force: true });
    expect(built.map(({ name, baked }) => `${name} ${baked}`)).toEqual(['base false', 'shop true']);
  });

  test('is made again with --refresh, and so is all that it stands on', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    for (const one of await identitiesIn(directory)) account.addSnapshot(tested(one));
    const built = await (await baker(account, directory)).build({ refresh: true });
    expect(built.map(({ name, baked }) => `${name} ${baked}`)).toEqual(['base true', 'shop true']);
  });

  test('is made again, from the stock system on, when what it stands on is older than image.max_age', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const [base, shop] = await identitiesIn(directory);
    account.addSnapshot(tested(base));
    await account.clock.sleep(6 * 24 * 3_600_000);
    account.addSnapshot(tested(shop));
    const fresh = await (await baker(account, directory)).build();
    expect(fresh).toMatchObject([{ name: 'shop', baked: false }]);
    await account.clock.sleep(2 * 24 * 3_600_000);
    const built = await (await baker(account, directory, 'op2')).build();
    expect(built.map(({ name, baked }) => `${name} ${baked}`)).toEqual(['base true', 'shop true']);
  });

  test('says what changed since the last one, also on another computer', async () => {
    const account = simulatedAccount();
    await (await baker(account, await bakeProject())).build();
    const elsewhere = await bakeProject();
    await appendFile(join(elsewhere, 'images/shop.yaml'), '# a thought\n');
    const [, shop] = await (await baker(account, elsewhere, 'op2')).build();
    expect(shop?.why).toEqual(['changed: definition images/shop.yaml']);
  });

  test('says what changed since the last one', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    await (await baker(account, directory)).build();
    await appendFile(join(directory, 'images/shop.yaml'), '# a thought\n');
    const [, shop] = await (await baker(account, directory, 'op2')).build();
    expect(shop?.why).toEqual(['changed: definition images/shop.yaml']);
  });
});

test('a plan whose disk is smaller than the snapshot is refused before a machine is ordered, with where it stands', async () => {
  const account = simulatedAccount({ plan: { ...CALM.plan, diskGb: 0.5 } });
  const directory = await bakeProject();
  const [base] = await identitiesIn(directory);
  account.addSnapshot(tested(base));
  const refusal = {
    code: 'CONFIG_INVALID',
    found: expect.stringMatching(/infra.vultr_plan \(default\) is vc2-1c-1gb with a disk of 0.5 GB, .* needs 1 GB/),
  };
  const person = await baker(account, directory);
  const looked = planBuild(person.context, { name: 'shop', force: false, onError: 'destroy' });
  await expect(looked).rejects.toMatchObject(refusal);
  await expect(person.build()).rejects.toMatchObject(refusal);
  expect(account.story).not.toContain('create bake');
});

describe('after a bake that was killed on this computer', () => {
  test('the next one takes its machine and its untested snapshot away, and bakes', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const [base] = await identitiesIn(directory);
    const machine = machineOf(account, 'struck', base);
    const others = machineOf(account, 'somebody', { ...base, digest: 'f'.repeat(64) });
    account.addSnapshot(describeImage({ ...base, stage: 'candidate', operation: 'struck' }));
    const killed = ['struck'];
    const built = await (await baker(account, directory, 'op2', killed)).build({ name: 'base' });
    expect(built).toMatchObject([{ name: 'base', baked: true }]);
    expect(account.machines().map(({ id }) => id)).toEqual([others.id]);
    expect(account.machines()).not.toContain(machine);
    expect(names(account)).toEqual(['base tested']);
    expect(killed).toEqual([]);
  });
});

function machineOf(account: Account, operation: string, { digest }: Identity) {
  return account.addMachine({
    ...{ label: 'other', hostname: 'other', region: 'ewr', plan: 'p', from: { osId: 1 }, userData: '', sshKeyIds: [] },
    ...{ tags: ['anny', 'kind=bake', `op=${operation}`, `image=${digest.slice(0, 12)}`], uniqueTag: `op=${operation}` },
  });
}

describe('a second bake of the same digest', () => {
  /** The first gets no further until the second waits for it: files are read in real time. */
  async function whileOtherBakes(then: (second: Baker) => Promise<void>) {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const second = await baker(account, directory, 'op2');
    const first = (await baker(account, directory, 'op1')).build({ name: 'base' });
    while (account.machines().length === 0) await account.clock.sleep(1);
    const stands = account.clock.during(() => second.waits);
    await then(second);
    await Promise.all([first, stands]);
    return account;
  }

  test('waits for the first and takes its image', async () => {
    const account = await whileOtherBakes(async (second) => {
      expect(await second.build({ name: 'base' })).toMatchObject([{ name: 'base', baked: false }]);
    });
    expect(account.story.filter((name) => name === 'create bake')).toHaveLength(1);
  });

  /** Two bakes that begin in the same moment, on two computers. */
  test('in the same moment makes one image', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const people = [await baker(account, directory, 'op1'), await baker(account, directory, 'op2')];
    const built = await Promise.all(people.map((one) => one.build({ name: 'base' })));
    expect(built.flat().map(({ baked }) => baked)).toEqual(expect.arrayContaining([true, false]));
    expect(account.story.filter((name) => name === 'create bake')).toHaveLength(1);
    expect(account.notes()).toEqual([]);
  });

  test('bakes by itself when the first gives up', async () => {
    const account = simulatedAccount({ failingScript: 'apt-get' });
    const directory = await bakeProject();
    const people = [await baker(account, directory, 'op1'), await baker(account, directory, 'op2')];
    const ended = await Promise.allSettled(people.map((one) => one.build({ name: 'base' })));
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(account.story.filter((name) => name === 'create bake')).toHaveLength(2);
    expect(account.machines()).toEqual([]);
  });

  test('can be stopped while it waits', async () => {
    const account = await whileOtherBakes(async (second) => {
      const stop = new AbortController();
      void second.waits.then(() => stop.abort());
      const operation = { ...second.context.operation, interrupt: stop.signal };
      const wish = { name: 'base', force: false, onError: 'destroy' } as const;
      const built = build({ ...second.context, operation }, wish, async () => false);
      await expect(built).rejects.toMatchObject({ code: 'INTERRUPTED' });
    });
    expect(account.notes()).toEqual([]);
  });
});

describe('after a bake that was killed on another computer', () => {
  async function killedElsewhere(account: Account, operation: string, { digest, ...base }: Identity) {
    const person = { user: 'ann', host: 'elsewhere', process: { pid: 1, startedAt: '1', home: 'elsewhere' } };
    const written = { operation, command: 'anny-image build', reason: '', since: 0, beatAt: 0, beat: 3, token: 7 };
    const claim = JSON.stringify({ ...person, ...written, state: 'held', work: { digest } });
    await account.cloud.createNote(`anny-lease/bake-${digest.slice(0, 12)}/${operation}`, claim);
    account.addSnapshot(describeImage({ ...base, digest, stage: 'candidate', operation }));
    return machineOf(account, operation, { ...base, digest });
  }

  test('a bake of the same digest takes over once its claim has expired, and takes away what it left', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const [base] = await identitiesIn(directory);
    await killedElsewhere(account, 'struck', base);
    const begun = account.clock.now();
    const built = await (await baker(account, directory, 'op2')).build({ name: 'base' });
    expect(built).toMatchObject([{ baked: true }]);
    expect(account.clock.now() - begun).toBeLessThan(10 * 60_000);
    expect({ machines: account.machines(), images: names(account) }).toEqual({ machines: [], images: ['base tested'] });
    expect(account.notes()).toEqual([]);
  });

  test('a bake of another digest takes away what it left, and leaves one alone that is alive', async () => {
    const account = simulatedAccount();
    const directory = await bakeProject();
    const [base, shop] = await identitiesIn(directory);
    await killedElsewhere(account, 'struck', { ...base, digest: 'e'.repeat(64) });
    const alive = machineOf(account, 'alive', { ...shop, digest: 'f'.repeat(64) });
    await (await baker(account, directory, 'op2')).build({ name: 'base' });
    expect(account.machines().map(({ id }) => id)).toEqual([alive.id]);
    expect(names(account)).toEqual(['base tested']);
    expect(account.notes()).toEqual([]);
  });
});

describe('a bake that fails', () => {
  const base = { name: 'base' };
  const cases: readonly (readonly [string, Partial<Temper>, string, string])[] = [
    ['a command on the machine', { failingScript: 'apt-get' }, 'COMMAND_FAILED', 'simulated'],
    [
      'a test on the machine',
      { failingCheck: { bake: 'service nginx is running', 'boot-test': '' } },
      'IMAGE_TEST_FAILED',
      'service nginx is running: found "no" (images/base.yaml:6:7  tests.services.0)',
    ],
    [
      'a secret on its disk',
      { searchSays: { bake: 'secret\t/etc/x\t1\n', 'boot-test': '' } },
      'SECRET_IN_IMAGE',
      '/etc/x holds ANNY_API_KEY',
    ],
    ['a machine that never stops', { powersOff: false }, 'WAIT_TIMEOUT', 'power is running'],
    [
      'a snapshot that never completes',
      { snapshotMs: Number.POSITIVE_INFINITY },
      'WAIT_TIMEOUT',
      'after 5400 s: pending',
    ],
    [
      'a test after the boot',
      { failingCheck: { bake: '', 'boot-test': 'service nginx is running' } },
      'IMAGE_TEST_FAILED',
      'service nginx is running: found "no"',
    ],
    [
      'a secret after the boot',
      { searchSays: { bake: '', 'boot-test': 'login\t/home/deploy/.ssh/authorized_keys\n' } },
      'SECRET_IN_IMAGE',
      '/home/deploy/.ssh/authorized_keys lets somebody in',
    ],
  ];

  test.each(cases)(
    'by %s says so, and leaves no machine, no snapshot and no open shell',
    async (_what, temper, code, found) => {
      const account = simulatedAccount(temper);
      const failed = (await baker(account, await bakeProject())).build(base);
      await expect(failed).rejects.toMatchObject({ code, found: expect.stringContaining(found) });
      expect({ machines: account.machines(), images: account.images(), shells: account.openShells() }).toEqual({
        ...{ machines: [], images: [], shells: 0 },
      });
    },
  );

  test('keeps its machine for a look when that is wished, says where, and closes its shell', async () => {
    const account = simulatedAccount({ failingScript: 'apt-get' });
    const person = await baker(account, await bakeProject());
    await expect(person.build(base, async () => true)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      next: 'anny-image ssh op1 looks at it, anny-image sweep op1 destroys it',
    });
    expect(account.machines()).toHaveLength(1);
    expect(account.openShells()).toBe(0);
    expect(person.notes.at(-1)).toContain('kept: anny-production-bake-base-op1 at 192.0.2.7');
  });

  test('never says a secret', async () => {
    const account = simulatedAccount({ searchSays: { bake: 'secret\t/etc/x\t1\n', 'boot-test': '' } });
    const person = await baker(account, await bakeProject());
    const said = await person.build(base).catch((error: unknown) => JSON.stringify(error));
    expect(`${JSON.stringify(said)}${JSON.stringify(person.entries)}`).not.toContain('a-secret-of-the-app');
  });

  test('a child does not take its parent back', async () => {
    const account = simulatedAccount({ failingScript: 'nginx -t' });
    await expect((await baker(account, await bakeProject())).build()).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    expect(names(account)).toEqual(['base tested']);
    expect(account.machines()).toEqual([]);
  });
});

/** Calls in a calm bake of one image, each of which is made to fail once. */
async function callsOfCalmBake(directory: string): Promise<number> {
  const account = simulatedAccount();
  await (await baker(account, directory)).build({ name: 'base' });
  return account.calls();
}

describe.each([
  ['is stopped by Ctrl-C', 'interrupt', ['INTERRUPTED']],
  ['meets a refusal of the account', 'refused', ['API_REFUSED', 'WAIT_TIMEOUT']],
  ['loses an answer', 'lost', ['API_UNREACHABLE', 'API_OUTCOME_UNKNOWN', 'WAIT_TIMEOUT']],
] satisfies readonly (readonly [string, Fault, readonly string[]])[])('a bake that %s', (_what, fault, codes) => {
  test('at any moment leaves no machine, no candidate and no open shell', async () => {
    const directory = await bakeProject();
    const last = await callsOfCalmBake(directory);
    for (let at = 1; at <= last; at += 1) {
      const account = simulatedAccount({ faults: new Map([[at, fault]]) });
      const ended = await (await baker(account, directory)).build({ name: 'base' }).then(
        () => 'done',
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
      );
      const where = `${fault} at call ${at}, ${account.story[at - 1]}: ${ended}`;
      expect(['done', ...codes], where).toContain(ended);
      // What was on its way when it was stopped may still arrive.
      for (let turns = 0; turns < 20; turns += 1) await account.clock.sleep(0);
      expect(account.machines(), where).toEqual([]);
      expect(account.openShells(), where).toBe(0);
      const stages = account.images().map((image) => image?.stage);
      expect(ended === 'done' ? ['tested'] : stages.filter((stage) => stage === 'tested'), where).toEqual(stages);
    }
  }, 30_000);
});
