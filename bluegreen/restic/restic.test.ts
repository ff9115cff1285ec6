import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, vi } from 'vitest';
import { testBy } from '../../builder/trial/programs.ts';
import type { Repository } from './repository.ts';
import { restic } from './restic.ts';

const PROGRAM = join(import.meta.dirname, '..', 'anny-bluegreen.ts');
const UNUSED: Repository = {
  ...{ address: 'rest:http://127.0.0.1:1/', password: 'of the backups', credentials: '' },
  ...{ sshKey: '', knownHosts: '', sshTarget: [] },
};

for (const [code, expected] of [
  ['ENOSPC', 'NO_SPACE'],
  ['EPIPE', 'COMMAND_FAILED'],
] as const) {
  testBy('restic', `output that nobody takes (${code}) is told in words, and nothing stays behind`, async () => {
    const runtime = await emptyRuntime();
    vi.stubEnv('XDG_RUNTIME_DIR', runtime);
    onTestFinished(() => void vi.unstubAllEnvs());
    const full = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });
    await expect(restic(UNUSED, ['help'], { to: full })).rejects.toMatchObject({
      code: expected,
      found: expect.stringContaining(code),
    });
    expect(await readdir(runtime)).toEqual([]);
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  testBy('restic', `backup restic that is ended by ${signal} leaves no password`, async () => {
    const runtime = await emptyRuntime();
    const host = await silentHost();
    const child = spawn(process.execPath, [PROGRAM, '--config', join(host.project, 'config.yaml'), ...WORDS], {
      env: { ...process.env, XDG_RUNTIME_DIR: runtime, ANNY_BACKUP_PASSWORD: 'of the backups' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said = text(child.stderr);
    const ended = once(child, 'exit');
    await host.asked;
    expect(await readdir(runtime)).toHaveLength(1);
    child.kill(signal);
    expect(await ended).toEqual([130, null]);
    expect(await said).toContain('you stopped it');
    expect(await readdir(runtime)).toEqual([]);
  });
}

const WORDS = ['backup', 'restic', 'snapshots'];

async function emptyRuntime(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-runtime-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A project whose repository's host takes the question and never answers. */
async function silentHost(): Promise<{ readonly project: string; readonly asked: Promise<unknown> }> {
  const server = createServer((socket) => void socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const project = await emptyRuntime();
  await writeFile(join(project, 'config.yaml'), `backup:\n  repository: rest:http://127.0.0.1:${port}/x/\n`);
  return { project, asked: once(server, 'connection') };
}
