import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { recordProcess } from './recorded-process.ts';
import { runningIn } from './running.ts';

it('tells operations that were killed from those that run and those that ended', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'anny-running-'));
  try {
    const running = runningIn(directory);
    expect(await running.killed()).toEqual([]);
    const child = spawn('sleep', ['60']);
    await recordProcess(join(directory, 'struck.json'), child.pid ?? 0);
    await running.begin('mine');
    await running.begin('ended');
    await running.end('ended');
    expect(await running.killed()).toEqual([]);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await running.killed()).toEqual(['struck']);
    await running.end('struck');
    expect(await running.killed()).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it('knows of none where nothing ever ran', async () => {
  expect(await runningIn('/nowhere/at/all').killed()).toEqual([]);
});
