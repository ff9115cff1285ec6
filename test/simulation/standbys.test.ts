import { describe, expect, test } from 'vitest';
import { newestFirst } from '../../bluegreen/backups.ts';
import { cut, dies, reboot, vanishes } from './connection.ts';
import { at, live, PROMOTE, RESTORE, ROLLBACK, stage } from './directed.ts';
import { backupOf } from './example-releases.ts';
import { bake } from './world.ts';
import { missingIn } from './writes.ts';

describe('a fenced machine', () => {
  test('is taken back by name, with the data that it had, and no other writes then', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run({ kind: 'restore', loseWrites: true });
    const restored = stage.writer();
    expect(old.disk.role).toBe('fenced');
    const { release } = old.disk;
    expect(await stage.run({ kind: 'rollback', loseWrites: false, to: release })).toMatchObject({
      code: 'WOULD_LOSE_WRITES',
    });
    expect(await stage.run({ kind: 'rollback', loseWrites: true, to: release })).toMatchObject({ kind: 'success' });
    expect(stage.writer()).toBe(old);
    expect(restored.disk.role).toBe('fenced');
    expect(old.disk.generation).toBeGreaterThan(restored.disk.generation);
    await stage.setInOrder();
  });

  test('that was powered off is started, and does not serve before the other one has stopped', async () => {
    const stage = await live();
    const old = stage.writer();
    cut(old, 60_000, 60_000);
    await stage.run(RESTORE);
    expect(old.power).toBe('stopped');
    await stage.wait(120);
    const ending = await stage.run({ kind: 'rollback', loseWrites: true, to: old.disk.release });
    expect(ending).toMatchObject({ kind: 'success' });
    expect(stage.writer()).toBe(old);
    await stage.setInOrder();
  });

  test('stays until it is named: it may hold writes that nothing else has', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run({ kind: 'restore', loseWrites: true });
    await stage.wait(4_000);
    await stage.run({ kind: 'retire', force: false });
    expect(stage.world.machines).toContain(old);
    await stage.run({ kind: 'retire', force: false, release: old.disk.release });
    expect(stage.world.machines).not.toContain(old);
  });

  test('is outranked by what was restored in its place, however old the backup is', async () => {
    const stage = await live();
    await stage.run(PROMOTE);
    const old = stage.writer();
    // The newest backup is from before that promote.
    await stage.run({ kind: 'restore', loseWrites: true });
    expect(stage.writer().disk.generation).toBeGreaterThan(old.disk.generation);
    await stage.setInOrder();
  });

  test('that the name still leads to is started only once nobody else can write', async () => {
    const stage = await live();
    await stage.run(PROMOTE);
    const newer = stage.writer();
    reboot(newer);
    // It is fenced; who took its place cannot be asked, and the name has not been changed.
    const back = { kind: 'rollback', loseWrites: true } as const;
    expect(await stage.run(back, at('box.activate', 'cut long'))).toMatchObject({ exitCode: 5 });
    await stage.run({ ...back, to: newer.disk.release });
    expect(stage.writer()).toBe(newer);
    await stage.setInOrder();
  });

  test('whose app does not come up leaves things to be mended, and the one before can be taken back', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run({ kind: 'restore', loseWrites: true });
    const restored = stage.writer();
    const back = { kind: 'rollback', loseWrites: true, to: old.disk.release } as const;
    expect(await stage.run(back, at('box.unfence', 'full disk'))).toMatchObject({ exitCode: 5 });
    await stage.wait(120);
    expect(await stage.run({ ...back, to: restored.disk.release })).toMatchObject({ kind: 'success' });
    expect(stage.writer()).toBe(restored);
    await stage.setInOrder();
  });
});

describe('writes that were given up and came back with their machine', () => {
  /** The newer machine is cut off, the older one falls back without its writes; then the newer one is taken back, and dies. */
  const cameBack = async () => {
    const stage = await live();
    const older = stage.writer();
    await stage.run(PROMOTE);
    const newer = stage.writer();
    await stage.wait(300);
    cut(newer, 60_000, 60_000);
    await stage.run({ kind: 'rollback', loseWrites: true });
    await stage.wait(300);
    return { stage, older, newer };
  };

  test('are announced when the machine that went on without them serves once more', async () => {
    const { stage, older, newer } = await cameBack();
    await stage.run({ kind: 'rollback', loseWrites: true, to: newer.disk.release });
    expect(stage.writer()).toBe(newer);
    await stage.wait(60);
    dies(newer);
    const back = { kind: 'rollback', loseWrites: true, to: older.disk.release } as const;
    expect(await stage.run(back)).toMatchObject({ kind: 'success' });
    await stage.setInOrder();
  });

  test('are announced as well when a machine falls back that had its data from there', async () => {
    const { stage, older, newer } = await cameBack();
    await stage.run(PROMOTE);
    await stage.wait(60);
    await stage.run({ kind: 'rollback', loseWrites: true, to: newer.disk.release });
    await stage.wait(60);
    dies(newer);
    expect(await stage.run({ kind: 'rollback', loseWrites: true })).toMatchObject({ kind: 'success' });
    expect(stage.writer()).toBe(older);
    await stage.setInOrder();
  });

  test('are announced as well when a backup is restored that was made without them', async () => {
    const { stage, newer } = await cameBack();
    await stage.run({ kind: 'prepare', again: true });
    await stage.wait(60);
    await stage.run({ kind: 'rollback', loseWrites: true, to: newer.disk.release });
    await stage.wait(60);
    dies(newer);
    expect(await stage.run({ kind: 'restore', loseWrites: true })).toMatchObject({ kind: 'success' });
    await stage.setInOrder();
  });

  test('are owed to nobody any more once they are there: a later rollback announces what is lost then', async () => {
    const { stage, older, newer } = await cameBack();
    await stage.run({ kind: 'rollback', loseWrites: true, to: newer.disk.release });
    await stage.wait(60);
    await stage.run(PROMOTE);
    await stage.wait(3_000);
    dies(stage.writer());
    expect(await stage.run(ROLLBACK)).toMatchObject({ code: 'WOULD_LOSE_WRITES' });
    expect(stage.world.story.join('\n')).toContain('has everything up to 50 min ago');
    expect(older.disk.role).toBe('fenced');
    await stage.setInOrder();
  });
});

describe('a standby', () => {
  test('is kept past its window while a request through it lasts, and as long as it is the way back', async () => {
    const stage = await live();
    const first = stage.writer();
    await stage.run(PROMOTE);
    await stage.wait(60);
    await stage.run(PROMOTE);
    await stage.wait(4_000);
    first.memory.open += 1;
    await stage.run({ kind: 'retire', force: false });
    expect(stage.world.machines).toContain(first);
    first.memory.open -= 1;
    await stage.wait(3_000);
    await stage.run({ kind: 'retire', force: false });
    expect(stage.world.machines).not.toContain(first);
    expect(stage.world.machines).toHaveLength(2);
  });
});

describe('a rollback from a dead machine', () => {
  test('never says that more writes are lost than are', async () => {
    const stage = await live();
    const first = stage.writer();
    await stage.run(PROMOTE);
    await stage.wait(120);
    const counted = first.disk.relayed.writes;
    expect(counted).toBeGreaterThan(0);
    dies(stage.writer());
    expect(await stage.run(ROLLBACK)).toMatchObject({ code: 'WOULD_LOSE_WRITES' });
    expect(stage.world.story.join('\n')).toMatch(/Lost would be at least \d+ writes/);
    await stage.run({ kind: 'rollback', loseWrites: true });
    // One of each client may have been accepted, and not been answered.
    expect(stage.world.ledger.givenUp).toBeGreaterThanOrEqual(counted - 3);
    await stage.setInOrder();
  });
});

describe('a standby that a failed rollback has reached', () => {
  test('does not pass for the one that wrote, whatever its clock says', async () => {
    const stage = await live();
    const older = stage.writer();
    await stage.run(PROMOTE);
    const newer = stage.writer();
    expect(await stage.run(ROLLBACK, at('box.takeover', 'full disk'))).toMatchObject({ code: 'BOX_FAILED' });
    await stage.wait(60);
    await stage.run(PROMOTE);
    older.skewMs -= 600_000;
    dies(stage.writer());
    await stage.run({ kind: 'rollback', loseWrites: true });
    expect(stage.writer()).toBe(newer);
    await stage.setInOrder();
  });
});

describe('a standby whose app does not come up on newer data', () => {
  test('keeps the data that it handed over, and serves with it when the other one dies', async () => {
    const stage = await live();
    const older = stage.writer();
    const { temper } = older;
    await stage.run(PROMOTE);
    const { handedOver } = older.disk;
    await stage.wait(60);
    Object.assign(older, { temper: 'never healthy' });
    expect(await stage.run(ROLLBACK)).toMatchObject({ exitCode: 1 });
    expect(older.disk.state.sum).toBe(handedOver);
    Object.assign(older, { temper });
    dies(stage.writer());
    expect(await stage.run({ kind: 'rollback', loseWrites: true })).toMatchObject({ kind: 'success' });
    expect(stage.writer()).toBe(older);
    await stage.setInOrder();
  });
});

describe('a first release beside backups of one that is gone', () => {
  test('comes after the writer that made them: its own are the newest', async () => {
    const begun = stage();
    bake(begun.world, 'good');
    begun.world.store.push({ ...backupOf(7, 0), sequence: 99 });
    expect(await begun.run(PROMOTE)).toMatchObject({ exitCode: 4, code: 'WOULD_LOSE_WRITES' });
    expect(await begun.run(PROMOTE, at('backups.list', 'refused'))).toMatchObject({ code: 'BACKUP_UNREADABLE' });
    expect(begun.world.machines).toEqual([]);
    const withoutBackup = { kind: 'promote', again: false, withoutBackup: true } as const;
    expect(await begun.run(withoutBackup)).toMatchObject({ kind: 'success' });
    expect(begun.writer().disk.generation).toBe(8);
    expect(newestFirst(begun.world.store)[0]?.release).toBe(begun.writer().disk.release);
  });
});

describe('an environment whose only machine the account has lost', () => {
  test('is restored from its backup, and nothing begins without', async () => {
    const stage = await live({ follows: true });
    await stage.wait(300);
    vanishes(stage.writer());
    const [newest] = newestFirst(stage.world.store);
    const saved = stage.world.archives.get(newest?.id ?? '')?.state ?? expect.fail('nothing was backed up');
    expect(await stage.run(PROMOTE)).toMatchObject({ exitCode: 4, code: 'WOULD_LOSE_WRITES' });
    expect((await stage.look()).next.command).toBe('anny-bluegreen restore');
    await stage.setInOrder();
    expect(missingIn(saved, stage.writer().disk.state)).toEqual([]);
  });
});

describe('a machine that serves again in place of one that the account has lost', () => {
  test.each([
    ['the standby', PROMOTE, undefined],
    ['a fenced one', { kind: 'restore', loseWrites: true }, 'by name'],
  ] as const)('(%s) comes after the backups of that one: its own are the newest', async (_which, command, named) => {
    const stage = await live({ follows: true });
    const older = stage.writer();
    await stage.run(command);
    const later = stage.writer();
    await stage.wait(600);
    vanishes(later);
    const to = named === undefined ? undefined : older.disk.release;
    expect(await stage.run({ kind: 'rollback', loseWrites: true, to })).toMatchObject({ kind: 'success' });
    expect(stage.writer()).toBe(older);
    await stage.wait(120);
    expect(newestFirst(stage.world.store)[0]?.release).toBe(older.disk.release);
    dies(older);
    expect(await stage.run({ kind: 'restore', loseWrites: true })).toMatchObject({ kind: 'success' });
    await stage.setInOrder();
  });
});

describe('an answer that waited on a computer that slept', () => {
  test('is as old as its question: all that a standby lacks is announced', async () => {
    const stage = await live();
    const older = stage.writer();
    await stage.run(PROMOTE);
    dies(stage.writer());
    const back = { kind: 'rollback', loseWrites: true } as const;
    expect(await stage.run(back, at('box.claim', 'sleeps after'))).toMatchObject({ kind: 'success' });
    expect(stage.writer()).toBe(older);
    await stage.setInOrder();
  });
});

describe('a TTL that somebody has made longer', () => {
  const LONG_SECONDS = 7_200;

  test('is lowered ahead of a promote, and the old machine stays until it is over', async () => {
    const stage = await live();
    const old = stage.writer();
    stage.world.zone.setTtl(LONG_SECONDS);
    expect(await stage.run(PROMOTE)).toMatchObject({ kind: 'success' });
    const lines = stage.world.story.map((line) => line.slice(10).trim());
    const lowered = lines.indexOf('account: the TTL of the name is 60 s');
    expect(lowered).toBeGreaterThan(0);
    expect(lowered).toBeLessThan(lines.findLastIndex((line) => line.includes('is made')));
    await stage.wait(LONG_SECONDS / 2);
    const retire = { kind: 'retire', force: false, release: old.disk.release } as const;
    expect(await stage.run(retire)).toMatchObject({ code: 'REFUSED' });
    expect(stage.world.machines).toContain(old);
    await stage.wait(LONG_SECONDS);
    expect(await stage.run(retire)).toMatchObject({ kind: 'success' });
    expect(stage.world.machines).not.toContain(old);
  });

  test('is lowered by a prepare already; one that is shorter than configured stays as it is', async () => {
    const stage = await live();
    stage.world.zone.setTtl(LONG_SECONDS);
    expect(await stage.run({ kind: 'prepare', again: true })).toMatchObject({ kind: 'success' });
    expect(stage.world.zone.ttlSeconds()).toBe(60);
    stage.world.zone.setTtl(30);
    expect(await stage.run(PROMOTE)).toMatchObject({ kind: 'success' });
    expect(stage.world.zone.ttlSeconds()).toBe(30);
  });
});
