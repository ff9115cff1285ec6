import { describe, expect, test } from 'vitest';
import { AnnyError } from './errors.ts';
import type { JournalEntry } from './journal.ts';
import { plainSteps } from './plain-steps.ts';
import { sideBySide } from './side-by-side.ts';
import { silentReport } from './silent-report.ts';
import { cameBack, type Operation, orUnfinished, pointOfNoReturn, runStep, withUndo } from './step.ts';

interface Observed extends Operation {
  readonly entries: JournalEntry[];
  readonly happened: string[];
  readonly abort: AbortController;
}

function operation(): Observed {
  const entries: JournalEntry[] = [];
  const abort = new AbortController();
  return {
    ...{ id: 'op', command: 'promote', report: silentReport, undos: [], warnings: [], forward: false, entries, abort },
    held: { lease: undefined },
    clock: { now: () => 0, uptime: () => 0, sleep: async () => undefined, randomHex: () => '00' },
    journal: { append: async (entry) => void entries.push(entry), entries: async () => entries },
    interrupt: abort.signal,
    happened: [],
  };
}

const failure = new AnnyError('UNHEALTHY', { doing: 'asking', found: 'nothing', next: 'mend it' });

/** A step that notes what happens to it. */
function step(op: Observed, name: string, error?: Error) {
  return runStep(op, {
    name,
    run: async () => {
      op.happened.push(name);
      if (error !== undefined) throw error;
      return name;
    },
    undo: async () => void op.happened.push(`undo ${name}`),
  });
}

describe('a step', () => {
  test('writes its intent before its effect and its result after it', async () => {
    const op = operation();
    await runStep(op, { name: 'hold', run: async () => op.entries.length, describe: (seen) => `${seen}` });
    expect(op.entries.map(({ event, data }) => [event, data])).toEqual([
      ['intent', undefined],
      ['result', { summary: '1' }],
    ]);
  });

  test('that fails writes why, and its own undo runs too', async () => {
    const op = operation();
    await expect(withUndo(op, () => step(op, 'hold', failure))).rejects.toBe(failure);
    expect(op.entries.at(-1)).toMatchObject({ event: 'failed', data: { reason: failure.message } });
    expect(op.happened).toEqual(['hold', 'undo hold']);
  });
});

describe('steps side by side', () => {
  test('are stopped when one of them fails, and what becomes of them then is told as no second fault', async () => {
    const lines: string[] = [];
    const op = operation();
    const told = { ...op, report: plainSteps(op.clock, (line) => void lines.push(line)) };
    const connection = Promise.withResolvers<string>();
    const both = sideBySide(told, (beside) => [
      runStep(beside, { name: 'test', run: () => Promise.reject(failure) }),
      runStep(beside, { name: 'record', interruptible: true, run: () => connection.promise }),
    ]);
    await expect(both).rejects.toBe(failure);
    connection.reject(new Error('the connection broke'));
    await Promise.resolve();
    expect(lines).toEqual(['✖ test 0.0 s asking: nothing', '- record 0.0 s stopped with a step beside it']);
    await expect(
      sideBySide(told, (beside) => [step(op, 'a'), runStep(beside, { name: 'b', run: async () => 2 })]),
    ).resolves.toEqual(['a', 2]);
  });

  test('begin nothing more once one of them has failed', async () => {
    const op = operation();
    const both = sideBySide(op, (beside) => [
      runStep(beside, { name: 'test', run: () => Promise.reject(failure) }),
      op.clock
        .sleep(1)
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => step({ ...op, ...beside }, 'weigh')),
    ]);
    await expect(both).rejects.toBe(failure);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(op.happened).toEqual([]);
  });
});

describe('undo', () => {
  test('runs newest first, once', async () => {
    const op = operation();
    const body = async (): Promise<void> => {
      await step(op, 'create');
      await step(op, 'hold');
      throw failure;
    };
    await expect(withUndo(op, body)).rejects.toBe(failure);
    await expect(withUndo(op, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(op.happened).toEqual(['create', 'hold', 'undo hold', 'undo create']);
  });

  test('that fails does not stop the others, and is told as unfinished with its cause', async () => {
    const op = operation();
    const body = async (): Promise<void> => {
      await step(op, 'create');
      await runStep(op, {
        name: 'hold',
        run: async () => undefined,
        undo: () => Promise.reject(new Error('no answer')),
      });
      throw failure;
    };
    await expect(withUndo(op, body)).rejects.toMatchObject({
      code: 'UNFINISHED',
      found: 'hold: no answer',
      cause: failure,
    });
    expect(op.happened).toEqual(['create', 'undo create']);
  });

  test('leaves everything alone after the point of no return', async () => {
    const op = operation();
    const body = async (): Promise<void> => {
      await step(op, 'commit');
      pointOfNoReturn(op);
      throw failure;
    };
    await expect(withUndo(op, body)).rejects.toBe(failure);
    expect(op.happened).toEqual(['commit']);
  });
});

describe('Ctrl-C', () => {
  test('stops before the next step, and what was done is taken back', async () => {
    const op = operation();
    const body = async (): Promise<void> => {
      await step(op, 'create');
      op.abort.abort();
      await step(op, 'hold');
    };
    await expect(withUndo(op, body)).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
    expect(op.happened).toEqual(['create', 'undo create']);
  });

  test('ends an interruptible wait at once, and no other step in the middle', async () => {
    const op = operation();
    const forever = runStep(op, { name: 'boot', interruptible: true, run: () => new Promise<never>(() => undefined) });
    const whole = runStep(op, { name: 'hold', run: async () => 'held' });
    await Promise.resolve();
    op.abort.abort();
    await expect(forever).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(whole).resolves.toBe('held');
  });

  test('is not heeded after the point of no return', async () => {
    const op = operation();
    pointOfNoReturn(op);
    op.abort.abort();
    await expect(runStep(op, { name: 'wait', interruptible: true, run: async () => 'done' })).resolves.toBe('done');
  });
});

describe('a failure after the point of no return', () => {
  test('says unfinished, with what was found and the way on', async () => {
    const op = operation();
    pointOfNoReturn(op);
    await expect(orUnfinished(op, () => Promise.reject(failure))).rejects.toMatchObject({
      ...{ code: 'UNFINISHED', exitCode: 5, cause: failure },
      found: expect.stringContaining('nothing'),
      next: expect.stringContaining('mend it'),
    });
  });

  test('is a plain one again once everything has come back, and a bug stays a bug', async () => {
    const op = operation();
    pointOfNoReturn(op);
    const bug = new TypeError('x is undefined');
    await expect(orUnfinished(op, () => Promise.reject(bug))).rejects.toBe(bug);
    cameBack(op);
    await expect(orUnfinished(op, () => Promise.reject(failure))).rejects.toBe(failure);
  });
});
