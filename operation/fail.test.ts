import { CommanderError } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AnnyError, ERROR_CODES } from './errors.ts';
import { runMain } from './fail.ts';

const failure = new AnnyError('WOULD_LOSE_WRITES', { doing: 'restoring', found: 'it is alive', next: 'use promote' });

describe('the end of a program', () => {
  let said = { stdout: '', stderr: '' };
  beforeEach(() => {
    said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      vi.spyOn(process[name], 'write').mockImplementation((text) => {
        said[name] += String(text);
        return true;
      });
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  const end = async (error: unknown, json = false): Promise<typeof process.exitCode> => {
    await runMain(() => Promise.reject(error), { json });
    return process.exitCode;
  };

  test('leaves the exit code alone when all went well', async () => {
    await runMain(async () => undefined, { json: false });
    expect(process.exitCode).toBeUndefined();
  });

  test('tells an expected failure in words on stderr: what was done, found, and what to do next', async () => {
    expect(await end(failure)).toBe(4);
    expect(said).toEqual({ stdout: '', stderr: 'restoring: it is alive\n  next: use promote\n' });
  });

  test('tells it as one JSON object on stdout with --json', async () => {
    expect(await end(failure, true)).toBe(4);
    const error = { code: 'WOULD_LOSE_WRITES', doing: 'restoring', found: 'it is alive', next: 'use promote' };
    expect(JSON.parse(said.stdout)).toEqual({ error });
    expect(said.stderr).toBe('');
  });

  test('tells a bug loudly, with its stack, and an exit code that no expected failure has', async () => {
    expect(await end(new TypeError('x is undefined'), true)).toBe(70);
    expect(said.stderr).toContain('x is undefined');
    expect(JSON.parse(said.stdout)).toMatchObject({ error: { code: 'BUG' } });
    expect(Object.values(ERROR_CODES)).not.toContain(70);
  });

  test('adds nothing to what commander has said of a wrong call', async () => {
    expect(await end(new CommanderError(1, 'commander.unknownOption', 'unknown option'))).toBe(2);
    expect(said).toEqual({ stdout: '', stderr: '' });
  });

  test('is a success after --help', async () => {
    expect(await end(new CommanderError(0, 'commander.helpDisplayed', 'help'))).toBe(0);
  });
});

test('every error code ends with one of the exit codes that are promised', () => {
  expect(new Set(Object.values(ERROR_CODES))).toEqual(new Set([1, 2, 3, 4, 5, 130]));
});
