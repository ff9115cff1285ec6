import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeSshKey } from '../../machine/ssh-key.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { addKey, type KeyChange, removeKey } from './authorized-keys.ts';

// As it runs on a machine, by the shell and its tools.
const [ann, bob] = [makeSshKey(systemClock).publicKey, makeSshKey(systemClock).publicKey];
let home: string;
let file: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'anny-authorized-'));
  file = join(home, '.ssh', 'authorized_keys');
  await mkdir(join(home, '.ssh'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

function run({ command, stdin }: KeyChange): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], { cwd: home, stdio: ['pipe', 'ignore', 'ignore'] });
    child.on('error', reject);
    child.on('close', resolve);
    child.stdin.end(stdin);
  });
}
const lines = async () => (await readFile(file, 'utf8')).split('\n');

it('adds one line, once, also behind a last line without an end', async () => {
  await writeFile(file, `# operators\n${ann} ann@home`);
  expect(await run(addKey(`${bob} bob`))).toBe(0);
  expect(await run(addKey(bob))).toBe(0);
  expect(await lines()).toEqual(['# operators', `${ann} ann@home`, `${bob} bob`, '']);
  expect(await readdir(join(home, '.ssh'))).toEqual(['authorized_keys']);
});

it('takes one line away, and never the last key', async () => {
  await writeFile(file, `${ann} ann@home\n${bob} bob\n`);
  expect(await run(removeKey(ann))).toBe(0);
  expect(await run(removeKey(ann))).toBe(0);
  expect(await lines()).toEqual([`${bob} bob`, '']);
  expect(await run(removeKey(bob))).not.toBe(0);
  expect(await lines()).toEqual([`${bob} bob`, '']);
});

it('loses none of those that come at the same time', async () => {
  await writeFile(file, `${ann}\n${bob}\n`);
  const many = Array.from({ length: 12 }, () => makeSshKey(systemClock).publicKey);
  const codes = await Promise.all([run(removeKey(bob)), ...many.map((key) => run(addKey(key)))]);
  expect(new Set(codes)).toEqual(new Set([0]));
  expect((await lines()).sort()).toEqual(['', ann, ...many].sort());
});
