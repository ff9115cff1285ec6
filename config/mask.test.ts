import { expect, test } from 'vitest';
import { masker } from './mask.ts';

test('a secret is masked wherever it stands', () => {
  expect(masker(['s3cr3t+'])('Bearer s3cr3t+, s3cr3t+!')).toBe('Bearer ***, ***!');
});

test('also as it stands in JSON or in a URL', () => {
  const mask = masker(['say "hi" /now']);
  expect(mask(JSON.stringify({ found: 'it was say "hi" /now' }))).toBe('{"found":"it was ***"}');
  expect(mask('?key=say%20%22hi%22%20%2Fnow')).toBe('?key=***');
});

test('a secret of several lines is masked whole, and each longer line by itself', () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nAAEC\n-----END PRIVATE KEY-----\n';
  const mask = masker([key]);
  expect(mask(`the key is\n${key}and no more`)).toBe('the key is\n***\nand no more');
  expect(mask('line 2 is MIIEvQIBADANBgkqhkiG9w0')).toBe('line 2 is ***');
  expect(mask(JSON.stringify({ key }))).not.toContain('MIIE');
});

test('keys with a comma between them are masked one by one', () => {
  const mask = masker(['new-key-0123456789,old-key-0123456789']);
  expect(mask('new-key-0123456789 and old-key-0123456789')).toBe('*** and ***');
});

test('the parts of a key file in JSON are masked, its innocent fields are not', () => {
  const file = JSON.stringify({ type: 'service_account', private_key: '-----BEGIN-----\nMIIEvQIBADANBgkqhkiG9w0\n' });
  const mask = masker([file]);
  expect(mask('service_account: MIIEvQIBADANBgkqhkiG9w0')).toBe('service_account: ***');
});

test('of a secret that contains another nothing is left', () => {
  expect(masker(['secret', 'secret-and-more'])('secret-and-more')).toBe('***');
});

test('values under six characters stay, and so does everything when there are no secrets', () => {
  expect(masker(['abc', ''])('abcdef')).toBe('abcdef');
  expect(masker([])('abcdef')).toBe('abcdef');
});
