import { expect, test } from 'vitest';
import { allowedAt, KEYS } from './keys.ts';
import { treeOf } from './layer.ts';
import { configSchema } from './schema.ts';

test('the defaults that are shown are those that hold', () => {
  const shown = treeOf(KEYS.map((key) => [key.path, key.default]));
  expect(KEYS.filter((key) => key.default === undefined)).toEqual([]);
  expect(configSchema.parse(shown)).toEqual(configSchema.parse({}));
});

test('no two keys have the same variable', () => {
  expect(new Set(KEYS.map((key) => key.variable)).size).toBe(KEYS.length);
});

test('what is allowed is said in words', () => {
  expect(allowedAt(['deploy', 'watch_failure_limit'])).toBe('a number from 0 to 1');
  expect(allowedAt(['app', 'uid'])).toBe('a whole number, at least 1');
  expect(allowedAt(['infra', 'name_servers'])).toMatch(/^a list; each in it: an address/);
  expect(allowedAt(['app', 'environment'])).toBe('a map of names to texts');
});
