import { expect, test } from 'vitest';
import { wrap } from './wrap.ts';

test('a text is broken between words, and goes on below its beginning', () => {
  expect(wrap('aaaa bbbb cccc', 40, 30)).toEqual(['aaaa bbbb', `${' '.repeat(30)}cccc`]);
  expect(wrap('short', 80, 4)).toEqual(['short']);
});

test('a word that is wider than the screen is left whole: it may be a command', () => {
  const word = 'x'.repeat(60);
  expect(wrap(`a ${word} b`, 40, 0)).toEqual(['a', word, 'b']);
});
