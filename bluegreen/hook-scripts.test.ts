import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { masker } from '../config/mask.ts';
import { hookScripts } from './hook-scripts.ts';
import type { HookCall, HookResult } from './hooks.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anny-hooks-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Ran extends HookResult {
  readonly seen: readonly string[];
  readonly tookMs: number;
}

/** Runs a real script. */
async function run(script: string, options: Partial<HookCall> & { timeoutMs?: number } = {}): Promise<Ran> {
  const path = join(directory, `hook-${Math.random().toString(36).slice(2)}`);
  await writeFile(path, script);
  await chmod(path, 0o755);
  const seen: string[] = [];
  const hooks = hookScripts({
    programs: new Map([['pre-promote', { path, named: 'hooks/check' }]]),
    directory,
    timeoutMs: options.timeoutMs ?? 20_000,
    mask: masker(['hunter2-hunter2']),
  });
  const begun = performance.now();
  const result = await hooks.run({
    event: 'pre-promote',
    variables: options.variables ?? {},
    line: (text) => void seen.push(text),
    stop: options.stop,
  });
  return { ...result, seen, tookMs: performance.now() - begun };
}

/** Dead, though nobody may have taken note of it yet: then its state is Z. */
async function isDead(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat === '' || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

async function gone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 250 && !(await isDead(pid)); attempt += 1) await sleep(20);
  return isDead(pid);
}

const pidIn = async (file: string): Promise<number> => Number(await readFile(join(directory, file), 'utf8'));

describe('a hook', { timeout: 30_000 }, () => {
  test('runs beside config.yaml, is told what it is about, and its lines are seen as they come', async () => {
    const ran = await run('#!/bin/sh\npwd\necho "$ANNY_RELEASE" >&2\nprintf "no end"\n', {
      variables: { ANNY_RELEASE: 'blue-1' },
    });
    expect(ran).toMatchObject({ ok: true, stopped: false });
    expect([...ran.seen].sort()).toEqual([directory, 'blue-1', 'no end'].sort());
  });

  test('has the operator’s own environment, but not what an outer hook was told', async () => {
    process.env.ANNY_FROM_RELEASE = 'of-the-outer-hook';
    process.env.HOOK_TEST_OWN = 'mine';
    const ran = await run('#!/bin/sh\necho "[$ANNY_FROM_RELEASE] $HOOK_TEST_OWN"\n');
    delete process.env.ANNY_FROM_RELEASE;
    delete process.env.HOOK_TEST_OWN;
    expect(ran.seen).toEqual(['[] mine']);
  });

  test('that fails says its last lines and how it ended', async () => {
    const ran = await run('#!/bin/sh\nfor i in $(seq 40); do echo "line $i"; done\nexit 3\n');
    expect(ran.ok).toBe(false);
    expect(ran.seen).toHaveLength(40);
    expect(ran.output).toMatch(/^line 26\n[\s\S]*line 40\n\(exit 3\)$/);
  });

  test('shows no secret, nor what would steer the terminal', async () => {
    const ran = await run('#!/bin/sh\nprintf "\\033[31mkey hunter2-hunter2\\033[0m\\n"\nexit 1\n');
    expect(ran.seen).toEqual(['key ***']);
    expect(ran.output).toBe('key ***\n(exit 1)');
  });

  test('that prints without end is not shown without end', async () => {
    const ran = await run('#!/bin/sh\nseq 5000\nhead -c 300000 /dev/zero | tr "\\\\0" x\n');
    expect(ran.ok).toBe(true);
    expect(ran.seen.length).toBeLessThan(520);
    expect(Math.max(...ran.output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(2_000);
  });

  test('that runs too long is ended with all that it started, also what does not listen', async () => {
    const ran = await run(
      '#!/bin/bash\ntrap "" TERM\n(trap "" TERM; echo $BASHPID > child; while :; do sleep 1; done) &\necho $$ > parent\necho begun\nwhile :; do sleep 1; done\n',
      { timeoutMs: 2_500 },
    );
    expect(ran).toMatchObject({ ok: false, stopped: false });
    expect(ran.output).toBe('begun\n(ended: it ran for longer than 2.5 s)');
    expect(await gone(await pidIn('parent'))).toBe(true);
    expect(await gone(await pidIn('child'))).toBe(true);
  });

  test('ends when the command is stopped', async () => {
    const abort = new AbortController();
    const running = run('#!/bin/sh\necho $$ > stopped\nexec sleep 30\n', { stop: abort.signal });
    while (Number.isNaN(await pidIn('stopped').catch(() => Number.NaN))) await sleep(20);
    abort.abort();
    const ran = await running;
    expect(ran).toMatchObject({ ok: false, stopped: true });
    expect(ran.tookMs).toBeLessThan(10_000);
    expect(await gone(await pidIn('stopped'))).toBe(true);
  });

  test('is over with its own end: what it leaves in the background is not waited for', async () => {
    const ran = await run('#!/bin/sh\nsleep 20 &\necho $! > left\necho told\n');
    expect(ran).toMatchObject({ ok: true, output: 'told' });
    expect(ran.tookMs).toBeLessThan(5_000);
    process.kill(await pidIn('left'));
  });

  test('whose first line names what is not here is a failure in words', async () => {
    const ran = await run('#!/usr/bin/no-such-shell\n');
    expect(ran).toMatchObject({ ok: false, output: '(what its first line (#!…) names is not there)' });
  });
});
