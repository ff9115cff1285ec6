import { describe, expect, test } from 'vitest';
import { cut, dies, reboot } from './connection.ts';
import { at, live, PROMOTE, RESTORE, ROLLBACK, type Stage, stage } from './directed.ts';
import { bake } from './world.ts';

const ADDRESS = '203.0.113.7';
const recordOf = ({ world }: Stage) => world.zone.records().find(({ type }) => type === 'A')?.data;
const liveThere = () => live({ byReservedIp: true });

describe('traffic that comes by a reserved IP', () => {
  test('is moved by attaching it: the record leads to it from the first promote on, and never changes again', async () => {
    const stage = await liveThere();
    const first = stage.writer();
    expect(recordOf(stage)).toBe(ADDRESS);
    expect(stage.world.holder()).toBe(first);
    await stage.run(PROMOTE);
    expect(stage.world.holder()).toBe(stage.writer());
    expect(stage.writer()).not.toBe(first);
    await stage.run(ROLLBACK);
    expect(stage.world.holder()).toBe(first);
    expect(recordOf(stage)).toBe(ADDRESS);
    expect(stage.world.story.filter((line) => line.includes('account: the name leads to'))).toHaveLength(1);
    await stage.setInOrder();
  });

  test('goes back to the relay when it cannot be attached to the new machine, and the next command ends it', async () => {
    const stage = await liveThere();
    const old = stage.writer();
    const ending = await stage.run(PROMOTE, at('cloud.attachReservedIp', 'refused'));
    expect(ending).toMatchObject({ kind: 'failure', exitCode: 5 });
    expect(stage.world.holder()).toBe(old);
    // And lets in whoever knocks there.
    expect(old.memory.leavingUntil).toBe(0);
    expect(stage.writer()).not.toBe(old);
    expect(await stage.run({ kind: 'resume' })).toMatchObject({ kind: 'success' });
    expect(stage.world.holder()).toBe(stage.writer());
    await stage.setInOrder();
  });

  test.each([
    ['detachReservedIp', 'killed before'],
    ['detachReservedIp', 'killed after'],
    ['attachReservedIp', 'killed before'],
    ['attachReservedIp', 'killed after'],
  ] as const)('is gone on with from anywhere when its command was cut off (%s, %s)', async (call, what) => {
    for (const kind of ['resume', 'abort'] as const) {
      const stage = await liveThere();
      const old = stage.writer();
      expect(await stage.run(PROMOTE, at(`cloud.${call}`, what))).toMatchObject({ kind: 'killed' });
      expect(await stage.runElsewhere({ kind })).toMatchObject({ kind: 'success' });
      expect(stage.writer()).not.toBe(old);
      expect(stage.world.holder()).toBe(stage.writer());
      await stage.setInOrder();
    }
  });

  test('that leads nowhere is no success and no "all as it was": settle that fails says so, and one that works mends it', async () => {
    const stage = await liveThere();
    stage.world.reservedIp.attachedTo = undefined;
    expect(await stage.look()).toMatchObject({
      next: { command: 'anny-bluegreen settle' },
      reservedIp: { attachedTo: null },
    });
    const refused = await stage.run({ kind: 'settle' }, at('cloud.attachReservedIp', 'refused'));
    expect(refused).toMatchObject({ code: 'UNFINISHED', exitCode: 5 });
    expect(stage.world.holder()).toBeUndefined();
    expect(await stage.run({ kind: 'settle' })).toMatchObject({ kind: 'success' });
    expect(stage.world.holder()).toBe(stage.writer());
  });

  test('is mended by settle where a relay has it; an attach that fails twice leaves that said as unfinished', async () => {
    const stage = await liveThere();
    await stage.run(PROMOTE);
    const relay = stage.world.machines.find(({ disk }) => disk.role === 'relay');
    const [id] = [...stage.world.rented].find(([, { machine }]) => machine === relay) ?? [];
    stage.world.reservedIp.attachedTo = id;
    const ending = await stage.run(
      { kind: 'settle' },
      at('cloud.attachReservedIp', 'refused', 1),
      at('cloud.attachReservedIp', 'refused', 2),
    );
    expect(ending).toMatchObject({ code: 'UNFINISHED' });
    expect(stage.world.holder()).toBeUndefined();
    expect(await stage.run({ kind: 'settle' })).toMatchObject({ kind: 'success' });
    expect(stage.world.holder()).toBe(stage.writer());
  });

  test('is attached only once it is detached, however late that is', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const stage = await live({ byReservedIp: true, seed });
      expect(await stage.run(PROMOTE, at('cloud.detachReservedIp', 'late detach'))).toMatchObject({ kind: 'success' });
      expect(stage.world.holder()).toBe(stage.writer());
    }
  });

  test('is not left attached to nothing by a command that became unsure of its lease in between', async () => {
    let unsure = 0;
    for (let seed = 1; seed <= 24; seed += 1) {
      const stage = await live({ byReservedIp: true, seed });
      const ending = await stage.run(PROMOTE, at('cloud.detachReservedIp', 'API slow'));
      expect(stage.world.holder()).toBeDefined();
      if (ending.kind === 'success') continue;
      expect(ending).toMatchObject({ exitCode: 5 });
      if (stage.world.holder() !== stage.writer()) unsure += 1;
      await stage.wait(60);
      expect(await stage.run({ kind: 'resume' })).toMatchObject({ kind: 'success' });
      expect(stage.world.holder()).toBe(stage.writer());
    }
    expect(unsure).toBeGreaterThan(0);
  });

  test('is taken from a machine that is lost, and from one that is destroyed', async () => {
    const stage = await liveThere();
    dies(stage.writer());
    expect(await stage.run(RESTORE)).toMatchObject({ kind: 'success' });
    expect(stage.world.holder()).toBe(stage.writer());
    await stage.setInOrder();
  });

  test('keeps the machine that it leads to from being destroyed, whoever asks', async () => {
    const stage = await liveThere();
    await stage.run(PROMOTE);
    const relay = stage.world.machines.find(({ disk }) => disk.role === 'relay');
    const release = relay?.disk.release ?? '';
    const [id] = [...stage.world.rented].find(([, { machine }]) => machine === relay) ?? [];
    stage.world.reservedIp.attachedTo = id;
    expect(await stage.run({ kind: 'retire', force: true, release })).toMatchObject({ code: 'REFUSED' });
    expect(stage.world.machines).toContain(relay);
  });

  test('does not make a machine serve that was powered off while another took its place', async () => {
    const stage = await liveThere();
    const old = stage.writer();
    cut(old, 60_000, 60_000);
    expect(await stage.run(RESTORE)).toMatchObject({ kind: 'success' });
    await stage.wait(120);
    reboot(old);
    await stage.wait(120);
    expect(stage.writer()).not.toBe(old);
    expect(old.memory.mode.writer).toBe(false);
  });

  test('serves again by itself after a restart of the writer', async () => {
    const stage = await liveThere();
    const writer = stage.writer();
    reboot(writer);
    await stage.wait(60);
    expect(stage.writer()).toBe(writer);
  });
});

describe('a live system', () => {
  test('is changed from the record to a reserved IP by its next promote, and back', async () => {
    const stage = await live();
    expect(recordOf(stage)).toBe(stage.writer().address);
    stage.world.byReservedIp = true;
    expect(await stage.run(PROMOTE)).toMatchObject({ kind: 'success' });
    expect(recordOf(stage)).toBe(ADDRESS);
    expect(stage.world.holder()).toBe(stage.writer());
    stage.world.byReservedIp = false;
    expect(await stage.run(PROMOTE)).toMatchObject({ kind: 'success' });
    expect(recordOf(stage)).toBe(stage.writer().address);
    await stage.setInOrder();
  });

  test('is not touched where the reserved IP is missing, or in another region', async () => {
    const stage = await live();
    stage.world.byReservedIp = true;
    stage.world.reservedIp.label = 'another';
    expect(await stage.run(PROMOTE)).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2 });
    expect(stage.world.story.join('\n')).toContain('the account has none in ewr');
    expect((await stage.look()).situation).toBe('live');
    stage.world.reservedIp.label = 'anny-simulated';
    stage.world.reservedIp.region = 'fra';
    expect(await stage.run(PROMOTE)).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(stage.world.rented.size).toBe(1);
  });
});

test('a first release whose attach is refused is finished by the next promote', async () => {
  const empty = stage({ byReservedIp: true });
  bake(empty.world, 'good');
  expect(await empty.run(PROMOTE, at('cloud.attachReservedIp', 'refused'))).toMatchObject({
    kind: 'failure',
    exitCode: 5,
  });
  expect(await empty.run(PROMOTE)).toMatchObject({ kind: 'success' });
  expect(empty.world.holder()).toBe(empty.writer());
  await empty.setInOrder();
});
