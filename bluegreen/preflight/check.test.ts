import { describe, expect, test } from 'vitest';
import { AnnyError } from '../../operation/errors.ts';
import { blocks, type Check, isClear, lookAtAll, ok, unknown, warning } from './check.ts';

const LIMIT_MS = 40;
const never = new Promise<never>(() => undefined);
const refused = new AnnyError('CONFIG_INVALID', { doing: 'd', found: 'it is wrong', next: 'mend it' });

const CHECKS: readonly Check[] = [
  { name: 'well', look: async () => ok('as it should be') },
  { name: 'refused', look: () => Promise.reject(refused) },
  { name: 'broken', look: () => Promise.reject(new TypeError('x is undefined')) },
  { name: 'silent', look: () => never },
  { name: 'last', look: async () => warning('nearly', 'wait') },
];

describe('checks', () => {
  test('are told all, in their order, whatever becomes of one of them', async () => {
    expect(await lookAtAll(CHECKS, LIMIT_MS)).toEqual([
      { name: 'well', state: 'ok', found: 'as it should be' },
      { name: 'refused', state: 'blocks', found: 'd: it is wrong', next: 'mend it' },
      { name: 'broken', state: 'unknown', found: 'the check itself failed: x is undefined', next: expect.any(String) },
      { name: 'silent', state: 'unknown', found: 'no answer within 0.04 s', next: expect.any(String) },
      { name: 'last', state: 'warning', found: 'nearly', next: 'wait' },
    ]);
  });

  test('run side by side', async () => {
    let running = 0;
    let most = 0;
    const look = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return ok('');
    };
    await lookAtAll(
      [1, 2, 3].map((one) => ({ name: `${one}`, look })),
      1_000,
    );
    expect(most).toBe(3);
  });

  test('are clear only where nothing blocks and everything was looked at', () => {
    const named = (seen: ReturnType<typeof ok>) => ({ ...seen, name: 'x' });
    expect(isClear([named(ok('')), named(warning('', ''))])).toBe(true);
    expect(isClear([named(ok('')), named(blocks('', ''))])).toBe(false);
    expect(isClear([named(ok('')), named(unknown('', ''))])).toBe(false);
  });
});
