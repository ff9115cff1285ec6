import { describe, expect, test } from 'vitest';
import { AnnyError } from '../operation/errors.ts';
import { silentReport } from '../operation/silent-report.ts';
import { noteStore } from '../test/cloud/note-store.ts';
import { seeded } from '../test/simulation/random.ts';
import { type Task, timeline } from '../test/simulation/timeline.ts';
import { acquire } from './acquire.ts';
import { readClaim } from './claim.ts';
import type { Lease } from './lease.ts';

/** An account, and operators on computers of their own whose calls take time. */
function scene(seed = 1) {
  const time = timeline();
  const random = seeded(seed);
  const notes = noteStore();
  const claims = () => notes.list('').flatMap(({ text }) => readClaim(text) ?? []);
  const operator = (name: string, computer = name) => {
    const task: Task = { alive: true };
    /** Nothing that it waits for reaches it before. */
    const state = { asleepUntil: 0, said: [] as string[], interrupt: new AbortController() };
    const call = async <T>(effect: () => T): Promise<T> => {
      await time.sleep(task, random.int(5, 80));
      const value = effect();
      await time.sleep(task, Math.max(random.int(5, 80), state.asleepUntil - time.now()));
      return value;
    };
    const clock = {
      now: time.now,
      uptime: time.now,
      randomHex: random.hex,
      sleep: (ms: number, stop?: AbortSignal) =>
        new Promise<void>((resolve) => {
          stop?.addEventListener('abort', () => resolve());
          void time.sleep(task, Math.max(ms, state.asleepUntil - time.now())).then(resolve);
        }),
    };
    const ended = new Set<string>();
    const ports = {
      clock,
      cloud: {
        notes: (prefix: string) => call(() => notes.list(prefix)),
        createNote: (title: string, text: string) => call(() => notes.create(title, text)),
        writeNote: (id: Parameters<typeof notes.write>[0], text: string) => call(() => notes.write(id, text)),
        deleteNote: (id: Parameters<typeof notes.write>[0]) => call(() => notes.delete(id)),
      },
      here: {
        user: name,
        host: computer,
        process: { pid: 1, startedAt: name, home: computer },
        isGone: async (mark: { home: string; startedAt: string }) =>
          mark.home === computer && ended.has(mark.startedAt),
      },
    };
    return {
      state,
      ended,
      die: () => {
        task.alive = false;
      },
      take: (waitMs = 45_000, command = 'promote') =>
        acquire(ports, {
          ...{ scope: 'production', operation: `op-${name}`, command, reason: '', waitMs },
          report: { ...silentReport, note: (text) => state.said.push(text) },
          interrupt: state.interrupt.signal,
        }),
    };
  };
  const run = async <T>(begun: Promise<T>): Promise<T> => {
    let over = false;
    begun.then(
      () => (over = true),
      () => (over = true),
    );
    await time.run(
      () => over,
      () => undefined,
    );
    return begun;
  };
  const pass = (ms: number) => run(time.sleep({ alive: true }, ms));
  return { time, notes, claims, operator, run, pass };
}

async function codeOf(failing: Promise<unknown>): Promise<string> {
  return failing.then(
    () => 'none',
    (error: unknown) => (error instanceof AnnyError ? error.code : String(error)),
  );
}

describe('a lease', () => {
  test('is taken at once when nobody is there, and leaves nothing behind', async () => {
    const { operator, run, claims, time } = scene();
    const begun = time.now();
    const lease = await run(operator('ann').take());
    expect(time.now() - begun).toBeLessThan(1_000);
    expect(claims()).toMatchObject([{ state: 'held', user: 'ann', command: 'promote', token: lease.token }]);
    await run(lease.release());
    expect(claims()).toEqual([]);
  });

  test('is waited for, and it is said at once for whom', async () => {
    const { operator, run, pass } = scene();
    const [ann, bob] = [operator('ann'), operator('bob')];
    const first = await run(ann.take());
    const second = bob.take();
    await pass(3_000);
    expect(bob.state.said).toEqual([expect.stringMatching(/^waiting for ann@ann \(process 1\): promote, since /)]);
    await run(first.release());
    expect((await run(second)).token).toBeGreaterThan(first.token);
  });

  test('that its holder keeps up is never taken over: LEASE_HELD says by whom', async () => {
    const { operator, run, claims } = scene();
    await run(operator('ann').take());
    const bob = operator('bob');
    const failing = bob.take();
    failing.catch(() => undefined);
    expect(await run(codeOf(failing))).toBe('LEASE_HELD');
    await expect(failing).rejects.toThrow(
      /after 45 s it is still held by ann@ann .*(heard of just now|not heard of for \d s)/,
    );
    expect(claims()).toHaveLength(1);
  });

  test('of a holder that was killed elsewhere is taken over within the wait, and what it had in hand is told', async () => {
    const { operator, run, claims, pass } = scene();
    const [ann, bob] = [operator('ann'), operator('bob')];
    const first = await run(ann.take());
    await run(first.write({ kind: 'promote' }));
    ann.die();
    await pass(3_600_000);
    const second = await run(bob.take());
    expect(second.left?.claim).toMatchObject({ operation: 'op-ann', state: 'left', work: { kind: 'promote' } });
    expect(second.token).toBeGreaterThan(first.token);
    expect(claims().map(({ state }) => state)).toEqual(['held', 'left']);
  });

  test('of a process of this computer that has ended is taken over at once', async () => {
    const { operator, run, time } = scene();
    const [ann, bob] = [operator('ann', 'laptop'), operator('bob', 'laptop')];
    await run(ann.take());
    ann.die();
    bob.ended.add('ann');
    const begun = time.now();
    await run(bob.take());
    expect(time.now() - begun).toBeLessThan(2_000);
  });

  test('of a holder that slept through its time is lost: it is told before its next step', async () => {
    const { operator, run, pass, time } = scene();
    const [ann, bob] = [operator('ann'), operator('bob')];
    const first = await run(ann.take());
    ann.state.asleepUntil = time.now() + 60_000;
    await run(bob.take());
    await pass(20_000);
    expect(await run(codeOf(first.require()))).toBe('LEASE_LOST');
  });

  test('of a holder that slept, with nobody there meanwhile, is still its own', async () => {
    const { operator, run, pass, time } = scene();
    const ann = operator('ann');
    const lease = await run(ann.take());
    ann.state.asleepUntil = time.now() + 300_000;
    await pass(300_001);
    expect(await run(codeOf(lease.require()))).toBe('none');
  });

  test('of a holder that slept may be taken as it wakes up: for a while it asks before each step', async () => {
    const { notes, operator, run, pass, time } = scene();
    const ann = operator('ann');
    const lease = await run(ann.take());
    ann.state.asleepUntil = time.now() + 60_000;
    await pass(60_001);
    expect(await run(codeOf(lease.require()))).toBe('none');
    // Somebody had seen that it had expired.
    for (const { id } of notes.list('')) notes.delete(id);
    expect(await run(codeOf(lease.require()))).toBe('LEASE_LOST');
  });

  test('that is left tells what to go on with, and blocks nobody', async () => {
    const { operator, run, time } = scene();
    const lease = await run(operator('ann').take());
    await run(lease.write('half done'));
    await run(lease.leave());
    const begun = time.now();
    const next = await run(operator('bob').take());
    expect(time.now() - begun).toBeLessThan(1_000);
    expect(next.left?.claim.work).toBe('half done');
  });

  test('is not taken by who is stopped while waiting, and nothing is left behind', async () => {
    const { operator, run, pass, claims } = scene();
    const lease = await run(operator('ann').take());
    const bob = operator('bob');
    const waiting = codeOf(bob.take());
    await pass(5_000);
    bob.state.interrupt.abort();
    expect(await run(waiting)).toBe('INTERRUPTED');
    expect(claims()).toHaveLength(1);
    await run(lease.release());
  });

  test('has one holder at a time, and everybody gets a turn, whoever comes when and dies', {
    timeout: 30_000,
  }, async () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const { operator, run, time, claims } = scene(seed);
      const random = seeded(seed);
      const holders = new Set<string>();
      const tokens: number[] = [];
      const work = async (name: string): Promise<string> => {
        const one = operator(name, random.pick(['laptop', 'tower']));
        await time.sleep({ alive: true }, random.pick([0, 0, random.int(0, 3_000)]));
        const lease: Lease = await one.take(600_000);
        tokens.push(lease.token);
        expect([...holders], `seed ${seed}`).toEqual([]);
        holders.add(name);
        if (random.chance(0.3)) {
          one.die();
          holders.delete(name);
          return 'died';
        }
        await time.sleep({ alive: true }, random.int(0, 40_000));
        holders.delete(name);
        await lease.release();
        return 'done';
      };
      await run(Promise.all(['a', 'b', 'c', 'd'].map(work)));
      expect(tokens, `seed ${seed}`).toEqual(tokens.toSorted((a, b) => a - b));
      expect(claims().filter(({ state }) => state === 'waiting')).toEqual([]);
    }
  });
});
