import { execFileSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Ask, allIds } from '../test/client.ts';
import { newDirectory } from '../test/directory.ts';
import { startService } from '../test/service.ts';

const mayMount = process.platform === 'linux' && process.getuid?.() === 0 && canMount();
if (!mayMount) process.stderr.write('full-disk.test.ts: skipped, since only root can mount a small disk\n');

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function newDisk(kibibytes: number): Promise<string> {
  const directory = await newDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', directory]);
  onTestFinished(() => {
    execFileSync('umount', ['-l', directory]);
  });
  return directory;
}

function takeAllRoom(directory: string): void {
  execFileSync('sh', ['-c', 'cat /dev/zero > "$0/filler" || true', directory], { stdio: 'ignore' });
}

const write = (ask: Ask, id: string, characters = 20_000) =>
  ask('/memory', { method: 'POST', body: { id, content: 'x'.repeat(characters) } });

/** Writes until there is no room; what was acknowledged. */
async function fill(ask: Ask, characters?: number): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  for (let index = 0; index < 1000; index += 1) {
    const answer = await write(ask, `n${index}`, characters);
    if (answer.status !== 201) {
      expect(answer.status).toBe(507);
      expect(answer.json()).toMatchObject({ error: 'memory_full', message: expect.stringMatching(/disk is full/) });
      return acknowledged;
    }
    acknowledged.push(`n${index}`);
  }
  throw new Error('the disk never got full');
}

describe.skipIf(!mayMount)('on a full disk', { timeout: 30_000 }, () => {
  it('writes are refused, nothing acknowledged is lost, and room makes it work again by itself', async () => {
    const directory = await newDisk(1024);
    const anny = await startService({ directory });
    const acknowledged = await fill(anny.ask);
    expect(acknowledged.length).toBeGreaterThan(30);
    const health = await anny.ask('/health');
    expect(health.status).toBe(503);
    expect(health.json()).toMatchObject({ memory: { state: 'failing', reason: expect.stringMatching(/ENOSPC/) } });
    expect(await allIds(anny.ask)).toEqual(acknowledged);

    execFileSync('mount', ['-o', 'remount,size=8m', directory]);
    expect((await anny.ask('/health')).status).toBe(200);
    expect((await write(anny.ask, 'after')).status).toBe(201);
    const again = await startService({ directory });
    expect(await allIds(again.ask)).toEqual([...acknowledged, 'after']);
  });

  it('an end without a stop loses nothing, nor does a stop without room', async () => {
    const directory = await newDisk(1024);
    const anny = await startService({ directory });
    const acknowledged = await fill(anny.ask);
    execFileSync('mount', ['-o', 'remount,size=1100k', directory]);
    const again = await startService({ directory });
    expect(await allIds(again.ask)).toEqual(acknowledged);
    await again.stop();
    execFileSync('mount', ['-o', 'remount,size=8m', directory]);
    expect(await allIds((await startService({ directory })).ask)).toEqual(acknowledged);
  });

  it('a start waits for room and then serves what there is', async () => {
    const directory = await newDisk(3072);
    const before = await startService({ directory });
    await write(before.ask, 'kept');
    await before.stop();
    takeAllRoom(directory);
    const { ask } = await startService({ directory });
    expect((await ask('/health')).status).toBe(503);
    expect((await ask('/memory/kept')).status).toBe(503);
    await rm(join(directory, 'filler'));
    expect((await ask('/health')).status).toBe(200);
    expect((await ask('/memory/kept')).status).toBe(200);
  });

  it('refused writes leave no files behind', async () => {
    const { ask, directory } = await startService({ directory: await newDisk(512) });
    await fill(ask, 90_000);
    const before = await readdir(directory);
    for (let count = 0; count < 30; count += 1) expect((await write(ask, 'no', 90_000)).status).toBe(507);
    expect((await readdir(directory)).length).toBeLessThanOrEqual(before.length);
  });

  it('a fold that finds no room is put off, not tried without end', async () => {
    const directory = await newDisk(1024);
    const { ask, stop, warnings } = await startService({
      directory,
      limits: { foldAfterMs: 1e9, foldAfterBytes: 1000 },
    });
    expect((await write(ask, 'first', 400)).status).toBe(201);
    takeAllRoom(directory);
    // It fits into the journal's last page, and makes the journal long enough to be folded.
    expect((await write(ask, 'second', 400)).status).toBe(201);
    await sleep(100);
    expect(warnings).toEqual([expect.stringMatching(/memory.json is behind its journal: ENOSPC/)]);
    await stop();
    await rm(join(directory, 'filler'));
    expect(await allIds((await startService({ directory })).ask)).toEqual(['first', 'second']);
  });
});
