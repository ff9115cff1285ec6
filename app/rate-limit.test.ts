import { expect, it } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

it('forgets old callers, so that guessers from many addresses cannot fill the memory', () => {
  let ms = 0;
  const limit = createRateLimit(1, () => ms);
  expect(limit('first').allowed).toBe(true);
  expect(limit('first').allowed).toBe(false);
  for (let index = 0; index < 10_000; index += 1) limit(`address ${index}`);
  expect(limit('first').allowed).toBe(true);
  ms += 60_000;
  expect(limit('address 9999')).toEqual({ allowed: true, remaining: 0, resetSeconds: 60 });
});
