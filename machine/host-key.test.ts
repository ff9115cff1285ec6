import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { systemClock } from '../operation/system-clock.ts';
import { fingerprintOf, makeHostKey } from './host-key.ts';

test('every host key is one that OpenSSH reads, and says what it is', () => {
  const message = Buffer.from('message');
  for (let count = 0; count < 1_000; count += 1) {
    const { privateKey, publicKey, fingerprint } = makeHostKey(systemClock);
    const key = ssh2.utils.parseKey(privateKey);
    if (key instanceof Error) throw key;
    expect(`${key.type} ${key.getPublicSSH().toString('base64')}`).toBe(publicKey);
    expect(key.verify(message, key.sign(message))).toBe(true);
    expect(fingerprintOf(publicKey)).toBe(fingerprint);
  }
});

test('a host key is made of what chance says, and of nothing else', () => {
  const clock = (digits: string) => ({ randomHex: (bytes: number) => digits.repeat(bytes) });
  expect(makeHostKey(clock('5a'))).toEqual(makeHostKey(clock('5a')));
  expect(makeHostKey(clock('5a')).publicKey).not.toBe(makeHostKey(clock('5b')).publicKey);
});
