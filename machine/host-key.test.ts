import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { fingerprintOf, makeHostKey } from './host-key.ts';

test('every host key is one that OpenSSH reads, and says what it is', () => {
  const message = Buffer.from('message');
  for (let count = 0; count < 1_000; count += 1) {
    const { privateKey, publicKey, fingerprint } = makeHostKey();
    const key = ssh2.utils.parseKey(privateKey);
    if (key instanceof Error) throw key;
    expect(`${key.type} ${key.getPublicSSH().toString('base64')}`).toBe(publicKey);
    expect(key.verify(message, key.sign(message))).toBe(true);
    expect(fingerprintOf(publicKey)).toBe(fingerprint);
  }
});
