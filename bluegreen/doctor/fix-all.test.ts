import { expect, test } from 'vitest';
import { AnnyError } from '../../operation/errors.ts';
import { decide, type Finding, fix, type RepairAction } from './finding.ts';
import { fixAll } from './fix-all.ts';

const wrong = (action: RepairAction): Finding => ({ ...RIGHT, repair: fix(action) });
const RIGHT = { code: 'x', severity: 'warning', found: 'f', means: 'm' } as const;
const BACKUP = wrong({ kind: 'backup' });
const SETTLE = wrong({ kind: 'settle' });
const LOSSY: Finding = { ...RIGHT, severity: 'critical', repair: decide('anny-bluegreen rollback') };

/** Repairs one finding after the other; `mends` says what is left after each. */
async function run(before: readonly Finding[], mends: readonly (readonly Finding[] | AnnyError)[]) {
  const ran: string[] = [];
  let left = before;
  const fixing = {
    look: async () => left,
    repair: async (action: RepairAction) => {
      const outcome = mends[ran.length] ?? left;
      ran.push(action.kind);
      if (outcome instanceof AnnyError) throw outcome;
      left = outcome;
    },
  };
  return { ran, fixed: await fixAll(fixing, before) };
}

test('runs what loses nothing, and looks again after each: one may mend two', async () => {
  const { ran, fixed } = await run([BACKUP, SETTLE], [[]]);
  expect(ran).toEqual(['backup']);
  expect(fixed).toEqual({ done: ['anny-bluegreen backup now'], failed: undefined, left: [] });
});

test('never runs what is somebody’s decision', async () => {
  const { ran, fixed } = await run([LOSSY, BACKUP], [[LOSSY]]);
  expect(ran).toEqual(['backup']);
  expect(fixed.left).toEqual([LOSSY]);
});

test('does not run a command twice: what is still there needs time, or a person', async () => {
  const { ran, fixed } = await run([SETTLE, BACKUP], [[SETTLE, BACKUP], [SETTLE]]);
  expect(ran).toEqual(['settle', 'backup']);
  expect(fixed.left).toEqual([SETTLE]);
});

test('stops at the first that fails, and says what is left', async () => {
  const error = new AnnyError('REFUSED', { doing: 'd', found: 'f', next: 'n' });
  const { ran, fixed } = await run([SETTLE, BACKUP], [error]);
  expect(ran).toEqual(['settle']);
  expect(fixed).toEqual({ done: [], failed: { command: 'anny-bluegreen settle', error }, left: [SETTLE, BACKUP] });
});
