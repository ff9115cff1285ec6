import { expect, test } from 'vitest';
import { editDistance, nearest } from './nearest.ts';

test('counts insertions, deletions, replacements, and swaps of neighbours as one', () => {
  expect(editDistance('plan', 'plan')).toBe(0);
  expect(editDistance('pln', 'plan')).toBe(1);
  expect(editDistance('plaan', 'plan')).toBe(1);
  expect(editDistance('plam', 'plan')).toBe(1);
  expect(editDistance('paln', 'plan')).toBe(1);
  expect(editDistance('', 'plan')).toBe(4);
});

test('takes the nearest, whatever the case', () => {
  expect(nearest('Vultr_Pln', ['vultr_os_id', 'vultr_plan'])).toBe('vultr_plan');
});

test('takes none when none is near', () => {
  expect(nearest('colour', ['interval', 'timeout'])).toBeUndefined();
  expect(nearest('ab', ['cd'])).toBeUndefined();
});
