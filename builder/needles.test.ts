import { expect, test } from 'vitest';
import type { Settings } from '../config/settings.ts';
import { needlesOf } from './needles.ts';

const textsOf = (value: string): readonly string[] =>
  needlesOf({ secretValues: () => new Map([['KEY', value]]) } as Pick<Settings, 'secretValues'>).map(
    ({ text }) => text,
  );

test.each([
  ['JSON', 'a"b\\c-long', 'a\\"b\\\\c-long'],
  ['a URL', 'a/b+c d-long', 'a%2Fb%2Bc%20d-long'],
  ['a URL in small letters', 'a/b+c d-long', 'a%2fb%2bc%20d-long'],
  ['a form', 'a/b+c d-long', 'a%2Fb%2Bc+d-long'],
  ['XML', 'a&b<c-long', 'a&amp;b&lt;c-long'],
  ['a quoted word of the shell', "it's-long", "it'\\''s-long"],
  ['hexadecimal', 'long-enough', Buffer.from('long-enough').toString('hex')],
])('a secret is looked for as it stands in %s', (_where, secret, form) => {
  expect(textsOf(secret)).toContain(form);
});

test('a secret is found in base64 of anything around it, by signs that are its own', () => {
  const secret = 's3cr3t/val+ue';
  for (const around of ['', 'a', 'ab', 'abc', 'user:']) {
    for (const after of ['', '\n', 'zz', '!!!']) {
      const encoded = Buffer.from(`${around}${secret}${after}`);
      for (const form of [encoded.toString('base64'), encoded.toString('base64url')]) {
        expect(
          textsOf(secret).some((text) => form.includes(text)),
          `${around} ${after}`,
        ).toBe(true);
      }
    }
  }
  const other = Buffer.from('user:another/one!').toString('base64');
  expect(textsOf(secret).some((text) => other.includes(text))).toBe(false);
});
