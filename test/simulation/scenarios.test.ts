import { describe, expect, test } from 'vitest';
import type { Command } from './commands.ts';
import { cut, dies } from './connection.ts';
import { at, live, PROMOTE, RESTORE, ROLLBACK } from './directed.ts';
import { bake } from './world.ts';
import { missingIn } from './writes.ts';

describe('a handover that is cut off', () => {
  test('before its commit leaves the old machine serving, at once and not when its timer fires', async () => {
    const stage = await live();
    const old = stage.writer();
    // Slowly, so that something is written between the copy ahead and the hold: nothing else can be torn.
    const ending = await stage.run(PROMOTE, at('box.hold', 'slow'), at('box.takeover', 'torn pull'));
    expect(ending).toMatchObject({ kind: 'failure', exitCode: 1 });
    expect(stage.writer()).toBe(old);
    expect(stage.world.story.join('\n')).not.toContain('resumes by itself');
    await stage.setInOrder();
  });

  // When it dies differs: also before it has answered.
  test.each([1, 2, 3, 4, 5, 6])(
    'since the new machine died leaves the old machine serving, before its timer fires, and nothing else (%i)',
    async (seed) => {
      const stage = await live({ seed });
      const old = stage.writer();
      expect(await stage.run(PROMOTE, at('box.takeover', 'dies'))).toMatchObject({ exitCode: 1 });
      expect(stage.writer()).toBe(old);
      expect(stage.world.rented.size).toBe(1);
      expect(stage.world.story.join('\n')).not.toContain('resumes by itself');
      await stage.setInOrder();
    },
  );

  test('killed before its commit, is taken back by the next command, whatever that is', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run(PROMOTE, at('box.takeover', 'killed before'));
    expect(old.memory.holdUntil).toBeGreaterThan(0);
    await stage.run({ kind: 'retire', force: false });
    expect(stage.writer()).toBe(old);
    await stage.setInOrder();
  });

  test.each(['killed after', 'slow', 'slow and cut', 'cut after', 'cut long', 'full disk', 'reboot', 'dies'] as const)(
    'at the commit (%s) loses nothing, also when promote is run again at once',
    async (what) => {
      const stage = await live();
      await stage.run(PROMOTE, at('box.relay', what));
      await stage.run(PROMOTE);
      await stage.setInOrder();
    },
  );

  test('after its commit is finished by the next command', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run(PROMOTE, at('box.activate', 'killed before'));
    expect((await stage.look()).situation).toBe('committed');
    await stage.run({ kind: 'retire', force: false });
    expect(stage.writer()).not.toBe(old);
    expect((await stage.look()).situation).toBe('live');
    await stage.setInOrder();
  });

  test('is finished in a rollback too, where the successor is a relay itself', async () => {
    const stage = await live();
    const first = stage.writer();
    await stage.run(PROMOTE);
    await stage.run(ROLLBACK, at('box.activate', 'killed before'));
    expect((await stage.look()).situation).toBe('committed');
    expect(await stage.run({ kind: 'promote', again: false })).toMatchObject({ kind: 'success' });
    expect(first.disk.history.some(({ event }) => event === 'relayed')).toBe(true);
    await stage.setInOrder();
  });
});

describe('an exit code', () => {
  test('after the commit is never that of a failure that moved nothing', async () => {
    const stage = await live();
    const ending = await stage.run(PROMOTE, at('cloud.tagInstance', 'unreachable before'));
    expect(ending).toMatchObject({ exitCode: 5, code: 'UNFINISHED' });
    await stage.setInOrder();
  });

  test('says unfinished when the new machine dies while it is watched', async () => {
    const stage = await live();
    const ending = await stage.run(PROMOTE, at('box.activate', 'dies'));
    expect(ending).toMatchObject({ exitCode: 5 });
    await stage.setInOrder();
  });

  test('says unfinished when the machine that was gone back to is gone when the command looks again', async () => {
    const stage = await live();
    await stage.run(PROMOTE);
    expect(await stage.run(ROLLBACK, at('box.activate', 'dies'))).toMatchObject({ exitCode: 5 });
    await stage.setInOrder();
  });

  test('is a plain failure when a bad release was handed back with all its data', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.wait(1);
    bake(stage.world, 'ill when it serves');
    expect(await stage.run(PROMOTE)).toMatchObject({ exitCode: 1, code: 'UNHEALTHY' });
    expect(stage.writer()).toBe(old);
    const account = [...stage.world.rented.values()].find(({ machine }) => machine === old);
    expect(account?.tags).toContain('stage=live');
  });
});

describe('a machine that cannot be asked', () => {
  test('is powered off before a restored one serves, though its clients still reach it', async () => {
    const stage = await live();
    const old = stage.writer();
    cut(old, 3_600_000, 3_600_000);
    expect(await stage.run(RESTORE)).toMatchObject({ kind: 'success' });
    expect(old.power).toBe('stopped');
    await stage.setInOrder();
  });

  test('is powered off before the standby that is gone back to serves', async () => {
    const stage = await live();
    await stage.run(PROMOTE);
    const newer = stage.writer();
    cut(newer, 3_600_000, 3_600_000);
    expect(await stage.run({ kind: 'rollback', loseWrites: true })).toMatchObject({ kind: 'success' });
    expect(newer.power).toBe('stopped');
    await stage.setInOrder();
  });

  test('is powered off as well when it stops answering while it is fenced', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run({ kind: 'restore', loseWrites: true }, at('box.fence', 'cut long'));
    expect(old.disk.role === 'fenced' || old.power === 'stopped').toBe(true);
    await stage.setInOrder();
  });

  test('is powered off although the account never heard that it became the writer', async () => {
    const stage = await live();
    dies(stage.writer());
    // Two are for the dead one.
    await stage.run(RESTORE, at('cloud.tagInstance', 'killed before', 3));
    const unmarked = stage.writer();
    cut(unmarked, 3_600_000, 3_600_000);
    expect(await stage.run({ kind: 'restore', loseWrites: true })).toMatchObject({ kind: 'success' });
    expect(unmarked.power).toBe('stopped');
    await stage.setInOrder();
  });

  test('makes what had taken over from it ask before it goes on: the old one may have written since', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run(PROMOTE, at('box.relay', 'killed before'));
    await stage.wait(300);
    dies(old);
    expect(await stage.run(RESTORE)).toMatchObject({ code: 'WOULD_LOSE_WRITES' });
    await stage.setInOrder();
    expect(stage.world.ledger.givenUp).toBeGreaterThan(0);
  });
});

describe('standbys', () => {
  test('that were pointed to a newer writer are still ordered by the age of their data', async () => {
    const stage = await live();
    await stage.run(PROMOTE);
    const second = stage.writer();
    await stage.wait(60);
    await stage.run(PROMOTE);
    dies(stage.writer());
    await stage.run({ kind: 'rollback', loseWrites: true });
    expect(stage.writer()).toBe(second);
    await stage.setInOrder();
  });
});

describe('a handover that is taken back', () => {
  test('leaves no app running beside the writer', async () => {
    const stage = await live();
    const old = stage.writer();
    await stage.run(PROMOTE);
    const ending = await stage.run(ROLLBACK, at('box.relay', 'full disk'));
    expect(ending).toMatchObject({ exitCode: 1 });
    expect(stage.writer()).not.toBe(old);
    expect(old.memory.appRunning).toBe(false);
    expect(old.disk.takeoverFrom).toBe('');
    await stage.setInOrder();
  });
});

describe('writes are given up', () => {
  test('only by who says so, when a standby could go on', async () => {
    const stage = await live();
    await stage.run(PROMOTE);
    await stage.wait(60);
    dies(stage.writer());
    expect(await stage.run(ROLLBACK)).toMatchObject({ code: 'WOULD_LOSE_WRITES' });
    expect(await stage.run(RESTORE)).toMatchObject({ code: 'WOULD_LOSE_WRITES' });
    await stage.setInOrder();
  });

  test('least by the standby whose data is the newest, though another machine is younger', async () => {
    const stage = await live();
    const first = stage.writer();
    await stage.run(PROMOTE);
    await stage.wait(60);
    await stage.run(ROLLBACK);
    await stage.wait(60);
    await stage.run(PROMOTE);
    expect(stage.writer()).not.toBe(first);
    dies(stage.writer());
    await stage.run({ kind: 'rollback', loseWrites: true });
    expect(stage.writer()).toBe(first);
    await stage.setInOrder();
  });

  test('never by retiring what is left when nobody serves', async () => {
    const stage = await live();
    await stage.run(PROMOTE);
    await stage.wait(3_000);
    dies(stage.writer());
    expect(await stage.run({ kind: 'retire', force: false })).toMatchObject({ code: 'REFUSED' });
    await stage.setInOrder();
  });
});

describe('a first promote', () => {
  test('that was cut off before its certificate does not keep the next release from being promoted', async () => {
    const stage = await live({}, at('box.certificate', 'killed before'));
    const first = stage.writer();
    expect(await stage.run(PROMOTE)).toMatchObject({ kind: 'success' });
    expect(stage.writer()).not.toBe(first);
    await stage.setInOrder();
  });
});

describe('hooks', () => {
  test.each(['pre-promote', 'pre-handover'])(
    '%s that fails ends a promote with nothing moved and nothing left',
    async (event) => {
      const stage = await live({ hooks: true });
      const [old, rented] = [stage.writer(), stage.world.rented.size];
      expect(await stage.run(PROMOTE, at(`hook.${event}`, 'refused'))).toMatchObject({
        exitCode: 1,
        code: 'HOOK_FAILED',
      });
      expect(stage.writer()).toBe(old);
      expect(stage.world.rented.size).toBe(rented);
      await stage.setInOrder();
    },
  );

  test.each(['post-switch', 'post-promote'])('%s that fails is no failure of the promote', async (event) => {
    const stage = await live({ hooks: true });
    const old = stage.writer();
    expect(await stage.run(PROMOTE, at(`hook.${event}`, 'refused'))).toMatchObject({ kind: 'success' });
    expect(stage.writer()).not.toBe(old);
    await stage.setInOrder();
  });

  test('pre-rollback keeps a rollback from beginning, and pre-retire a standby from being destroyed', async () => {
    const stage = await live({ hooks: true });
    await stage.run(PROMOTE);
    const now = stage.writer();
    expect(await stage.run(ROLLBACK, at('hook.pre-rollback', 'refused'))).toMatchObject({ code: 'HOOK_FAILED' });
    expect(stage.writer()).toBe(now);
    await stage.run(PROMOTE);
    await stage.wait(3_500);
    const rented = stage.world.rented.size;
    const retired = await stage.run({ kind: 'retire', force: false }, at('hook.pre-retire', 'refused'));
    expect(retired).toMatchObject({ exitCode: 1, code: 'HOOK_FAILED' });
    expect(stage.world.rented.size).toBe(rented);
    await stage.setInOrder();
  });

  test('that run when the operator stops the command are ended, and nothing was moved', async () => {
    const stage = await live({ hooks: true });
    const old = stage.writer();
    expect(await stage.run(PROMOTE, at('hook.pre-handover', 'interrupted'))).toMatchObject({ exitCode: 130 });
    expect(stage.writer()).toBe(old);
    await stage.setInOrder();
  });

  test('on-failure is told, and its own failure hides nothing', async () => {
    const stage = await live({ hooks: true });
    await stage.wait(1);
    bake(stage.world, 'ill when it serves');
    const ending = await stage.run(PROMOTE, at('hook.on-failure', 'refused'));
    expect(ending).toMatchObject({ exitCode: 1, code: 'UNHEALTHY' });
    expect(stage.world.story.join('\n')).toMatch(/hook on-failure: failed/);
    await stage.setInOrder();
  });
});

describe('a release that is well for its health path', () => {
  test.each(['errs under traffic', 'slow under traffic'] as const)(
    'and %s is handed back with all its data',
    async (temper) => {
      const stage = await live();
      const old = stage.writer();
      await stage.wait(300);
      bake(stage.world, temper);
      expect(await stage.run(PROMOTE)).toMatchObject({ exitCode: 1, code: 'UNHEALTHY' });
      expect(stage.world.story.join('\n')).toMatch(/(5xx 100\.0 %|p95 \d{3} ms).* in the hour before on blue-/);
      expect(stage.writer()).toBe(old);
      await stage.setInOrder();
    },
  );

  test('and for its clients is never handed back, though probes fail now and then', async () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      // Rare enough that two of the five probes of a watch are no chance any more.
      const stage = await live({ flakes: 0.01, seed });
      await stage.wait(120);
      const ending = await stage.run(PROMOTE);
      expect(ending, `seed ${seed}\n${stage.world.story.join('\n')}`).toMatchObject({ kind: 'success' });
    }
  });
});

describe('what the surroundings get wrong', () => {
  test('a backup that has rotted is found out before anything is given up for it; an older one can be named', async () => {
    const stage = await live();
    await stage.run({ kind: 'prepare', again: true });
    const [older, newest] = stage.world.store;
    stage.world.rotten.add(newest?.id ?? '');
    dies(stage.writer());
    const begun = stage.world.story.length;
    expect(await stage.run({ kind: 'restore', loseWrites: true })).toMatchObject({
      code: 'BACKUP_UNPROVED',
      exitCode: 4,
    });
    expect(stage.world.story.slice(begun).join('\n')).not.toContain('fence: result');
    const named: Command = {
      kind: 'restore',
      loseWrites: true,
      ...(older === undefined ? {} : { backup: older.name }),
    };
    expect(await stage.run(named)).toMatchObject({ kind: 'success' });
    await stage.setInOrder();
  });

  test('no backup can be made: a promote is refused, and goes without one when told to', async () => {
    const stage = await live();
    const before = stage.writer();
    expect(await stage.run(PROMOTE, at('box.restore', 'full disk'))).toMatchObject({ code: 'BACKUP_UNPROVED' });
    expect(stage.writer()).toBe(before);
    const without = { ...PROMOTE, withoutBackup: true } as const;
    const stored = stage.world.store.length;
    expect(await stage.run(without)).toMatchObject({ kind: 'success' });
    expect(stage.world.store).toHaveLength(stored);
    await stage.setInOrder();
  });

  test('a writer that is lost while it backs up what changes: what was written a minute before is there', async () => {
    const stage = await live({ follows: true });
    await stage.wait(300);
    const lostAt = stage.world.timeline.now();
    dies(stage.writer());
    await stage.wait(5);
    expect(await stage.run({ kind: 'restore', loseWrites: true })).toMatchObject({ kind: 'success' });
    const { promised, promisedAt } = stage.world.ledger;
    const there = stage.writer().disk.state;
    const early = missingIn(promised, there).filter((write) => (promisedAt[write] ?? 0) < lostAt - 60_000);
    expect(early).toEqual([]);
    await stage.setInOrder();
  });

  test('a machine that never boots is given up and destroyed', async () => {
    const stage = await live();
    expect(await stage.run(PROMOTE, at('cloud.createInstance', 'never boots'))).toMatchObject({ exitCode: 1 });
    expect(stage.world.rented.size).toBe(1);
    await stage.setInOrder();
  });

  test('a name server that takes the change over an hour later leaves the promote unfinished, and nobody unserved', async () => {
    const stage = await live();
    expect(await stage.run(PROMOTE, at('cloud.pointRecord', 'one server an hour late'))).toMatchObject({ exitCode: 5 });
    await stage.setInOrder();
  });

  test.each(['throttled', 'API down', 'done and 500'] as const)(
    'an API that is %s makes no machine twice',
    async (what) => {
      const stage = await live();
      await stage.run(PROMOTE, at('cloud.createInstance', what));
      expect(stage.world.rented.size).toBeLessThanOrEqual(2);
      await stage.setInOrder();
    },
  );

  test.each([1, 2, 3, 4])('a clock that is set while requests wait moves nothing twice (%i)', async (count) => {
    const stage = await live();
    await stage.run(PROMOTE, at('box.hold', 'clock jumps'), at('box.pull', 'clock jumps', count));
    await stage.setInOrder();
  });
});

describe('what a command leaves unfinished', () => {
  test('is told to everybody, and gone on with from another computer', async () => {
    const stage = await live();
    await stage.run(PROMOTE, at('cloud.pointRecord', 'one server an hour late'));
    expect((await stage.look()).interrupted).toMatchObject({ command: expect.stringContaining('promote') });
    await stage.wait(3_600);
    expect(await stage.runElsewhere({ kind: 'resume' })).toMatchObject({ kind: 'success' });
    expect((await stage.look()).interrupted).toBeNull();
    await stage.setInOrder();
  });
});

describe('a bad release whose hand-back is cut off', () => {
  /** The second of each is the hand-back's. */
  const CUT = [
    { call: 'box.pull', what: 'killed before', count: 2 },
    { call: 'box.hold', what: 'killed after', count: 2 },
    { call: 'box.relay', what: 'killed before', count: 2 },
    { call: 'box.relay', what: 'killed after', count: 2 },
    { call: 'box.activate', what: 'killed before', count: 2 },
    { call: 'cloud.pointRecord', what: 'killed before', count: 2 },
    { call: 'cloud.pointRecord', what: 'killed after', count: 2 },
  ] as const;
  const cutOff = async (incident: (typeof CUT)[number]) => {
    const stage = await live();
    const old = stage.writer();
    await stage.wait(1);
    bake(stage.world, 'ill when it serves');
    expect(await stage.run(PROMOTE, incident)).toMatchObject({ kind: 'killed' });
    return { stage, old };
  };

  test.each(CUT)(
    '($what $call) is handed back by resume, from another computer, and is not tried again',
    async (cut) => {
      const { stage, old } = await cutOff(cut);
      const ending = await stage.runElsewhere({ kind: 'resume' });
      expect(ending).toMatchObject({ kind: 'success', release: old.disk.release });
      expect(stage.writer()).toBe(old);
      expect(stage.world.rented.size).toBe(2);
      expect((await stage.look()).interrupted).toBeNull();
      await stage.setInOrder();
    },
  );

  test.each(CUT)('($what $call) is handed back by abort as well', async (cut) => {
    const { stage, old } = await cutOff(cut);
    expect(await stage.runElsewhere({ kind: 'abort' })).toMatchObject({ kind: 'success' });
    expect(stage.writer()).toBe(old);
    expect((await stage.look()).interrupted).toBeNull();
    await stage.setInOrder();
  });

  test('and cut off again is gone on with all the same', async () => {
    const { stage, old } = await cutOff(CUT[0]);
    expect(await stage.run({ kind: 'resume' }, at('box.takeover', 'killed after'))).toMatchObject({ kind: 'killed' });
    expect(await stage.runElsewhere({ kind: 'abort' })).toMatchObject({ kind: 'success' });
    expect(stage.writer()).toBe(old);
    await stage.setInOrder();
  });

  test.each([3, 4, 5, 6])('goes back also where the account refuses to write that down (%i)', async (count) => {
    const stage = await live();
    const old = stage.writer();
    await stage.wait(1);
    bake(stage.world, 'ill when it serves');
    const ending = await stage.run(PROMOTE, at('cloud.writeNote', 'refused', count));
    expect(stage.world.story.join('\n')).toContain('! refused at cloud.writeNote');
    expect(ending).toMatchObject({ exitCode: 1, code: 'UNHEALTHY' });
    expect(stage.writer()).toBe(old);
  });

  test('whose machine to go back to is gone is told so by resume, and forgotten by abort', async () => {
    const { stage, old } = await cutOff(CUT[0]);
    dies(old);
    expect(await stage.runElsewhere({ kind: 'resume' })).toMatchObject({ kind: 'failure', code: 'NOTHING_LIVE' });
    await stage.runElsewhere({ kind: 'abort' });
    expect((await stage.look()).interrupted).toBeNull();
  });
});

describe('two operators', () => {
  const UNTROUBLED = at('box.nothing', 'slow');
  const DEPLOY = { kind: 'promote', again: false } as const;

  test('at once: the second waits, and then finds what the first has brought', async () => {
    const stage = await live({ seed: 4 });
    const [first, second] = await stage.runBoth(DEPLOY, UNTROUBLED, DEPLOY, 40);
    expect([first, second]).toMatchObject([{ kind: 'success' }, { kind: 'success' }]);
    expect(stage.world.rented.size).toBe(2);
    await stage.setInOrder();
  });

  test('one of whom waits in vain is told so, and has touched nothing', async () => {
    const stage = await live();
    const late = at('cloud.pointRecord', 'one server two minutes late');
    const [first, second] = await stage.runBoth(DEPLOY, late, ROLLBACK, 1);
    expect(first).toMatchObject({ kind: 'success' });
    expect(second).toMatchObject({ exitCode: 1, code: 'LEASE_HELD' });
    await stage.setInOrder();
  });

  test.each([
    'cloud.createInstance',
    'cloud.tagInstance',
    'cloud.pointRecord',
    'box.claim',
    'box.restore',
    'box.takeover',
    'box.relay',
    'box.activate',
  ])('one of whom sleeps at %s while the other takes over: it stops, and what the other did stands', async (call) => {
    const stage = await live({ seed: 4 });
    const [first, second] = await stage.runBoth(PROMOTE, at(call, 'sleeps on'), PROMOTE, 60);
    expect(first).toMatchObject({ exitCode: 5, code: 'LEASE_LOST' });
    expect(second).toMatchObject({ kind: 'success' });
    await stage.setInOrder();
  });

  test('one of whom was killed: the other goes on with it, with the same machine', async () => {
    const stage = await live({ seed: 4 });
    await stage.run(PROMOTE, at('box.takeover', 'killed after'));
    expect(await stage.runElsewhere({ kind: 'resume' })).toMatchObject({ kind: 'success' });
    expect(stage.world.rented.size).toBe(2);
    expect((await stage.look()).interrupted).toBeNull();
    await stage.setInOrder();
  });

  test('one of whom was killed: the other takes it back, and then there is nothing left to do', async () => {
    const stage = await live({ seed: 4 });
    const old = stage.writer();
    await stage.run(PROMOTE, at('box.takeover', 'killed after'));
    expect(await stage.runElsewhere({ kind: 'abort' })).toMatchObject({ kind: 'success' });
    expect(stage.world.rented.size).toBe(1);
    expect(stage.writer()).toBe(old);
    expect(await stage.runElsewhere({ kind: 'abort' })).toMatchObject({ kind: 'success' });
    expect(await stage.runElsewhere({ kind: 'resume' })).toMatchObject({ kind: 'success' });
    await stage.setInOrder();
  });
});
