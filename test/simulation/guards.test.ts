import { describe, expect, test } from 'vitest';
import { locked } from './box/flags.ts';
import { type Machine, pause } from './box/machine.ts';
import { cut, dies } from './connection.ts';
import { at, live, PROMOTE, RESTORE, ROLLBACK, type Stage, type Start } from './directed.ts';
import { bake } from './world.ts';

const SETTLE = { kind: 'settle' } as const;

function tagsOf({ world }: Stage, machine: Machine): readonly string[] {
  return [...world.rented.values()].find((one) => one.machine === machine)?.tags ?? [];
}

/** A writer and two standbys, the oldest first. */
async function three(start: Start = {}): Promise<{ stage: Stage; first: Machine; second: Machine }> {
  const stage = await live(start);
  const first = stage.writer();
  await stage.run(PROMOTE);
  const second = stage.writer();
  await stage.wait(60);
  await stage.run(PROMOTE);
  return { stage, first, second };
}

describe('every standby relays straight to the writer', () => {
  test('after a promote, a rollback, and one that a watch has handed back', async () => {
    const { stage, first, second } = await three();
    expect(first.disk.relayTo).toBe(stage.writer().address);
    await stage.run(ROLLBACK);
    expect(stage.writer()).toBe(second);
    expect(first.disk.relayTo).toBe(second.address);
    await stage.wait(1);
    bake(stage.world, 'ill when it serves');
    expect(await stage.run(PROMOTE)).toMatchObject({ code: 'UNHEALTHY' });
    expect(first.disk.relayTo).toBe(second.address);
    await stage.setInOrder();
  });
});

describe('a machine that goes on without the newest', () => {
  test('is a later writer than all that answer, also where there are no backups to tell', async () => {
    const { stage, first, second } = await three({ backups: false });
    dies(stage.writer());
    await stage.run({ kind: 'rollback', loseWrites: true, to: first.disk.release });
    expect(stage.writer()).toBe(first);
    expect(first.disk.generation).toBeGreaterThan(second.disk.generation);
    await stage.setInOrder();
  });

  test('is not started while the name leads to it: it would serve beside the writer', async () => {
    const stage = await live();
    const old = stage.writer();
    cut(old, 60_000, 60_000);
    await stage.run(RESTORE, at('cloud.pointRecord', 'killed before'));
    expect(old.power).toBe('stopped');
    await stage.wait(120);
    const back = { kind: 'rollback', loseWrites: true, to: old.disk.release } as const;
    expect(await stage.run(back)).toMatchObject({ exitCode: 4, code: 'REFUSED' });
    expect(old.power).toBe('stopped');
    await stage.setInOrder();
  });
});

describe('a standby', () => {
  test('that somebody was about to destroy is no way back beside a living writer', async () => {
    const { stage, first } = await three();
    await stage.wait(4_000);
    await stage.run({ kind: 'retire', force: false }, at('cloud.destroyInstance', 'killed before'));
    expect(tagsOf(stage, first)).toContain('stage=discarded');
    const back = { kind: 'rollback', loseWrites: false, to: first.disk.release } as const;
    expect(await stage.run(back)).toMatchObject({ code: 'NOTHING_LIVE' });
    await stage.setInOrder();
  });

  test('is not destroyed while nobody can say whether the writer serves well', async () => {
    const { stage, first } = await three();
    await stage.wait(4_000);
    await stage.run({ kind: 'retire', force: false }, at('probe.get', 'refused'));
    expect(stage.world.machines).toContain(first);
    await stage.run({ kind: 'retire', force: false });
    expect(stage.world.machines).not.toContain(first);
  });

  test('that a name server still leads to is not destroyed, whatever the record says', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run(PROMOTE, at('cloud.pointRecord', 'one server an hour late'));
    expect(stage.world.zone.answer(1)).toBe(old.address);
    const forced = { kind: 'retire', force: true, release: old.disk.release } as const;
    expect(await stage.run(forced)).toMatchObject({ exitCode: 4, code: 'REFUSED' });
    await stage.setInOrder();
  });
});

describe('what was cut off', () => {
  test('is gone on with in the image that it had chosen, though a newer one is there by then', async () => {
    const stage = await live();
    await stage.run({ kind: 'promote', again: false }, at('box.pull', 'killed before'));
    const chosen = stage.world.images.at(-1)?.digest;
    await stage.wait(1);
    bake(stage.world, 'good');
    expect(await stage.runElsewhere({ kind: 'resume' })).toMatchObject({ kind: 'success' });
    expect(stage.writer().digest).toBe(chosen);
    expect(stage.world.rented.size).toBe(2);
    await stage.setInOrder();
  });

  test('leaves a machine that had taken everything over where it is, when it is taken back and nobody writes', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run(PROMOTE, at('box.relay', 'killed before'));
    const heir = stage.world.machines.find((one) => one !== old);
    dies(old);
    await stage.runElsewhere({ kind: 'abort' });
    expect(stage.world.machines).toContain(heir);
    await stage.setInOrder();
  });

  test('after its commit is marked in the account by whoever finishes it', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run(PROMOTE, at('box.activate', 'killed before'));
    await stage.run({ kind: 'retire', force: false });
    expect(tagsOf(stage, stage.writer())).toContain('stage=live');
    expect(tagsOf(stage, old)).toContain('stage=standby');
    await stage.setInOrder();
  });

  test('while its machine could not be reached is unfinished: nobody knows whether it holds', async () => {
    const stage = await live();
    expect(await stage.run(PROMOTE, at('box.hold', 'cut long'))).toMatchObject({ exitCode: 5 });
    await stage.setInOrder();
  });
});

describe('a machine that is restored from a backup of before the first certificate', () => {
  test('gets its own', async () => {
    const stage = await live({}, at('box.certificate', 'killed before'));
    await stage.run({ kind: 'backup' });
    dies(stage.writer());
    expect(await stage.run({ kind: 'restore', loseWrites: true })).toMatchObject({ kind: 'success' });
    expect(stage.writer().disk.issuedUntil).toBeGreaterThan(0);
    await stage.setInOrder();
  });
});

describe('a machine that works for somebody else', () => {
  test('is busy, not silent: it is not fenced for that', async () => {
    const stage = await live();
    await stage.run(PROMOTE);
    const newer = stage.writer();
    void locked(newer, () => pause(newer, 40_000));
    const ending = await stage.run({ kind: 'rollback', loseWrites: true });
    expect(ending).toMatchObject({ kind: 'failure', code: 'MACHINE_BUSY' });
    expect(newer.power).toBe('running');
    expect(stage.writer()).toBe(newer);
    await stage.setInOrder();
  });
});

describe('an operator whose clock is behind', () => {
  test.each([1, 2, 3, 4, 5, 6])('is no less the holder of the lease for it (%i)', async (seed) => {
    const stage = await live({ seed, skewed: true });
    expect(await stage.runElsewhere(SETTLE)).toMatchObject({ kind: 'success' });
    expect(await stage.run(PROMOTE)).toMatchObject({ kind: 'success' });
    expect(await stage.runElsewhere(SETTLE)).toMatchObject({ kind: 'success' });
  });
});

describe('an operator who sleeps before a machine is destroyed, while another one uses it', () => {
  // The mark that says so arrives late, or the destroying itself.
  test.each(['cloud.tagInstance', 'cloud.destroyInstance'])('(at %s) destroys nothing of what serves', async (call) => {
    const stage = await live({ seed: 4 });
    await stage.run({ kind: 'prepare', again: true });
    const prepared = stage.world.images.at(-1)?.digest ?? '';
    await stage.wait(1);
    bake(stage.world, 'good');
    const second = { kind: 'promote', image: prepared, again: true } as const;
    const [slept, went] = await stage.runBoth(PROMOTE, at(call, 'sleeps on'), second, 60);
    expect(slept).toMatchObject({ exitCode: 5, code: 'LEASE_LOST' });
    expect(went).toMatchObject({ kind: 'success' });
    expect(stage.writer().digest).toBe(prepared);
    await stage.setInOrder();
  });
});

describe('a record that something else changes as well', () => {
  test('is read back: the command says so at once, and does not wait for name servers that will never agree', async () => {
    const stage = await live();
    const old = stage.writer();
    const { zone } = stage.world;
    const { write } = zone;
    zone.write = (data, lateMs) => {
      write(data, lateMs);
      return write(old.address, lateMs);
    };
    const begun = stage.world.timeline.now();
    expect(await stage.run(PROMOTE)).toMatchObject({ exitCode: 5 });
    expect(stage.world.timeline.now() - begun).toBeLessThan(120_000);
    zone.write = write;
    await stage.setInOrder();
  });
});

describe('a name server whose own address cannot be found', () => {
  test('keeps no switch from ending where another one can be asked, and is named', async () => {
    const stage = await live();
    stage.world.zone.unfound.add(1);
    const begun = stage.world.timeline.now();
    expect(await stage.run(PROMOTE)).toMatchObject({ kind: 'success' });
    expect(stage.world.timeline.now() - begun).toBeLessThan(10 * 60_000);
    expect((await stage.look()).findings).toContainEqual(
      expect.objectContaining({
        code: 'name-server-unfound',
        found: 'ns2.example.net cannot be asked: its address cannot be found',
      }),
    );
    stage.world.zone.unfound.clear();
    await stage.setInOrder();
  });

  test('is one that nobody else stands in for: the command says so after a minute, and settle ends it', async () => {
    const stage = await live();
    const old = stage.writer();
    for (const index of [0, 1]) stage.world.zone.unfound.add(index);
    const begun = stage.world.timeline.now();
    expect(await stage.run(PROMOTE)).toMatchObject({ kind: 'failure', code: 'UNFINISHED' });
    expect(stage.world.timeline.now() - begun).toBeLessThan(10 * 60_000);
    expect(stage.writer()).not.toBe(old);
    stage.world.zone.unfound.clear();
    expect(await stage.run(SETTLE)).toMatchObject({ kind: 'success' });
    await stage.setInOrder();
  });
});

describe('an operator who sleeps over a look at the record, while another one moves on', () => {
  test.each([1, 2, 3, 4, 5])('leaves it as it is then (look %i)', async (count) => {
    const stage = await live({ seed: 4 });
    const sleep = { ...at('cloud.records', 'sleeps on'), count };
    const [, went] = await stage.runBoth(PROMOTE, sleep, PROMOTE, 60);
    expect(went).toMatchObject({ kind: 'success' });
    const record = stage.world.zone.records().find(({ type }) => type === 'A');
    expect(record?.data).toBe(stage.writer().address);
  });
});

describe('an operator who sleeps over the change of the record, while another one moves on', () => {
  const late = async () => {
    const stage = await live({ seed: 4 });
    const [slept, went] = await stage.runBoth(PROMOTE, at('cloud.pointRecord', 'sleeps on'), PROMOTE, 60);
    expect(slept).toMatchObject({ exitCode: 5, code: 'LEASE_LOST' });
    expect(went).toMatchObject({ kind: 'success' });
    const led = (): string | undefined => stage.world.zone.records().find(({ type }) => type === 'A')?.data;
    expect(led()).not.toBe(stage.writer().address);
    return { stage, led };
  };

  test('leads the name to a machine that relays: the doctor finds it, and settle mends it', async () => {
    const { stage, led } = await late();
    const finding = (await stage.look()).findings.find(({ code }) => code === 'name-elsewhere');
    expect(finding).toMatchObject({ severity: 'critical', repair: { kind: 'fix', action: SETTLE } });
    expect(await stage.run(SETTLE)).toMatchObject({ kind: 'success' });
    expect(led()).toBe(stage.writer().address);
    expect((await stage.look()).findings.map(({ code }) => code)).not.toContain('name-elsewhere');
  });

  test('and what it leads to is not retired before that, whatever its window says', async () => {
    const { stage, led } = await late();
    const machine = stage.world.machineAt(led() ?? '');
    await stage.wait(4_000);
    await stage.run({ kind: 'retire', force: false });
    expect(stage.world.machines).toContain(machine);
    await stage.setInOrder();
  });
});
