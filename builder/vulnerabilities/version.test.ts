import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { testBy } from '../trial/programs.ts';
import { compareVersions } from './version.ts';

const PIECES = [
  '0',
  '00',
  '1',
  '2',
  '9',
  '10',
  '010',
  '123456789012345678901',
  'a',
  'Z',
  'rc',
  '~',
  '~~',
  '+',
  '.',
  '-',
  '+deb12u1',
  'ubuntu',
];
const PAIRS = 400;

/** Pieces by chance, of a seed: what is wrong once is wrong again. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function versionBy(random: () => number): string {
  const piece = (): string => PIECES[Math.floor(random() * PIECES.length)] ?? '';
  const text = Array.from({ length: Math.floor(random() * 5) }, piece).join('');
  const epoch = random() < 0.2 ? `${Math.floor(random() * 3)}:` : '';
  // dpkg refuses a revision that is empty, and an upstream version that begins with no digit.
  return `${epoch}${Math.floor(random() * 3)}${text}`.replace(/-+$/, '');
}

/** A version near the first one: chance alone hardly ever makes two that differ at their end. */
function nearTo(version: string, random: () => number): string {
  const cut = version.slice(0, Math.max(version.indexOf(':') + 2, Math.floor(random() * version.length) + 1));
  return `${cut}${versionBy(random).replace(/^\d:/, '')}`.replace(/-+$/, '');
}

function byDpkg(pairs: readonly (readonly [string, string])[]): readonly number[] {
  const script =
    'while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done';
  const input = pairs.map((pair) => `${pair.join(' ')}\n`).join('');
  return execFileSync('bash', ['-c', script], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
    .trim()
    .split('\n')
    .map(Number);
}

testBy('dpkg', 'versions are in the order in which dpkg has them', async () => {
  const random = chance(20261128);
  const pairs = Array.from({ length: PAIRS }, () => {
    const first = versionBy(random);
    return [first, random() < 0.7 ? nearTo(first, random) : versionBy(random)] as const;
  });
  const wanted = byDpkg(pairs);
  expect(new Set(wanted)).toEqual(new Set([-1, 0, 1]));
  const wrong = pairs.filter(([a, b], index) => Math.sign(compareVersions(a, b)) !== wanted[index]);
  expect(wrong).toEqual([]);
  const otherWay = pairs.filter(([a, b]) => Math.sign(compareVersions(b, a)) !== -Math.sign(compareVersions(a, b)));
  expect(otherWay).toEqual([]);
});

describe('of two versions, older is', () => {
  test.each([
    ['1.2.3-1~deb12u1', '1.2.3-1'],
    ['1.2.3-1', '1.2.3-1+deb12u1'],
    ['1.22.1-9', '1.22.1-9+deb12u2'],
    ['9.9', '1:0.1'],
    ['1.0~rc1', '1.0'],
    ['2.36-9+deb12u9', '2.36-9+deb12u10'],
    ['1:9.6p1-3ubuntu13', '1:9.6p1-3ubuntu13.3'],
  ])('%s before %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
  });

  test('neither, where only zeros or an empty revision are different', () => {
    expect(compareVersions('1.02', '1.2')).toBe(0);
    expect(compareVersions('0:1.2-0', '1.2')).toBe(0);
  });
});
