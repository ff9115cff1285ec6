import { execFileSync } from 'node:child_process';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { testBy } from '../trial/programs.ts';
import { addFiles, projectWith } from '../trial/project.ts';
import { treeScript } from './tree.ts';

const ODD = ['a b', 'Főtanúsítvány à', '#x', '\\x2d', 'tab\there', '[', "it's", '*', '\x01\x7f', 'eq=x', '\u{a0}'];

function listOf(tree: string, keep: string, since = 'echo 0', before = ''): string {
  const script = `export LC_ALL=C\n${before}tree=${tree} keep='${keep}'\n${treeScript(since)}`;
  return execFileSync('bash', ['-euo', 'pipefail', '-c', script], { encoding: 'utf8' });
}

const now = (): string => `echo ${Date.now() / 1000}`;

async function treeWith(names: readonly string[]) {
  const directory = await projectWith({
    'usr/share/anny/image.txt': '',
    ...Object.fromEntries(names.map((name) => [`usr/lib/${name}/${name}`, name])),
  });
  const tree = join(directory, 'usr');
  return { tree, keep: join(tree, 'share/anny/usr.mtree') };
}

testBy(
  'mtree',
  'what has changed since the image below is read again, and the list is that of a whole reading',
  async () => {
    const { tree, keep } = await treeWith(['x', 'gone', 'moved', ...ODD]);
    listOf(tree, keep);
    await sleep(20);
    const since = now();
    await sleep(20);
    for (const name of ['x', ...ODD]) {
      const path = join(tree, 'lib', name, name);
      const { atime, mtime } = await stat(path);
      await writeFile(path, `${name.slice(1)}.`);
      await utimes(path, atime, mtime);
    }
    await rm(join(tree, 'lib/gone/gone'));
    await rename(join(tree, 'lib/moved'), join(tree, 'lib/there'));
    await addFiles(tree, { 'bin/new': 'new' });
    const changed = listOf(tree, keep, since);
    expect(changed).toBe(listOf(tree, ''));
    expect(await readFile(keep, 'utf8')).toContain('./bin/new type=file');
  },
);

testBy('mtree', 'a directory that took the place of another is read again', async () => {
  const { tree, keep } = await treeWith(['app', 'app.new/app']);
  await addFiles(tree, { 'lib/app/y/z': 'old', 'lib/app.new/y/z': 'new' });
  listOf(tree, keep);
  await sleep(20);
  const since = now();
  await sleep(20);
  await rm(join(tree, 'lib/app'), { recursive: true });
  await rename(join(tree, 'lib/app.new'), join(tree, 'lib/app'));
  expect(listOf(tree, keep, since)).toBe(listOf(tree, ''));
});

testBy('mtree', 'what comes and goes meanwhile, and what a list leaves out, fails nothing', async () => {
  const { tree, keep } = await treeWith(['x']);
  const whole = listOf(tree, keep);
  await sleep(20);
  const since = now();
  await addFiles(tree, { 'share/anny/note': '', 'lib/__pycache__/x.pyc': '' });
  expect(listOf(tree, keep, since)).toBe(whole);
  const oneHasGone = 'xargs() { cat >/dev/null; return 123; }\n';
  expect(listOf(tree, keep, since, oneHasGone)).toBe(whole);
});

testBy('mtree', 'what has not changed keeps the checksum of before, however odd its name is', async () => {
  const { tree, keep } = await treeWith(ODD);
  const whole = listOf(tree, keep);
  // A mark that only who trusts the list of before has.
  const marked = (await readFile(keep, 'utf8')).replaceAll(/sha256=[0-9a-f]{60}/g, `sha256=${'0'.repeat(60)}`);
  await writeFile(keep, marked);
  await sleep(20);
  const since = now();
  expect(listOf(tree, keep, since)).not.toBe(whole);
  expect(await readFile(keep, 'utf8')).toBe(marked);
});

testBy('mtree', 'a list that was touched since, or that lacks a file, is not gone by', async () => {
  const { tree, keep } = await treeWith(['x', 'y']);
  const whole = listOf(tree, keep);
  const text = await readFile(keep, 'utf8');
  const since = now();
  await sleep(20);
  await writeFile(keep, text.replaceAll(/sha256=[0-9a-f]{60}/g, `sha256=${'0'.repeat(60)}`));
  expect(listOf(tree, keep, since)).toBe(whole);
  await writeFile(keep, text.replace(/^.*\/y type=file.*\n/m, ''));
  await sleep(20);
  expect(listOf(tree, keep, now())).toBe(whole);
});
