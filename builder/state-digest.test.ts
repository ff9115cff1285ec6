import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram, withDirectory } from './trial/programs.ts';

const PART = join(import.meta.dirname, '..', 'templates/base/usr/local/lib/anny/state.sh');

/** What state.sh says of files, and what it has always said: backups and machines of earlier images are compared with it. */
async function bothDigests(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return withDirectory(async (root) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text, { mode: 0o640 });
    }
    const script = `set -Eeuo pipefail; umask 022; . ${PART}; digest_of '${root}'; export LC_ALL=C; cd '${root}'
find . -mindepth 1 ! -type s \\( -type f -printf 'f %m %s %P\\0' -o -printf '%y %m %l %P\\0' \\) | sort -z`;
    const { stdout } = await runProgram('bash', ['-c', script]);
    const [digest = '', listed = ''] = [stdout.slice(0, 64), stdout.slice(65)];
    const sums = Object.entries(files)
      .map(([name, text]) => [`./${name}`, createHash('sha256').update(text).digest('hex')] as const)
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([name, sum]) => `${sum} *${name}\0`);
    return [
      digest,
      createHash('sha256')
        .update(`${listed}${sums.join('')}`)
        .digest('hex'),
    ];
  });
}

describe('the digest of a state', () => {
  test.each([
    ['nothing', {}],
    ['files with ordinary names', { 'memory.json': '{}', 'a/b': '', 'a b': 'x', 'ü*"$(x)': '1', '-r': '2' }],
    ['a name with a line’s end', { 'one\ntwo': 'x', other: 'y' }],
    ['a directory with a backslash', { 'back\\slash/one': 'x', other: 'y' }],
  ])('is the same for %s as before', async (_, files) => {
    const [now, before] = await bothDigests(files);
    expect(now).toMatch(/^[0-9a-f]{64}$/);
    expect(now).toBe(before);
  });
});
