import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../machine/host-key.ts';
import { makeSshKey } from '../../machine/ssh-key.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { projectWith } from '../trial/project.ts';
import { sshSignatures } from './ssh-signatures.ts';

async function signer() {
  const directory = await projectWith({});
  const key = makeSshKey(systemClock);
  const path = join(directory, 'key');
  await writeFile(path, key.privateKey, { mode: 0o600 });
  return { signatures: sshSignatures(path), fingerprint: fingerprintOf(key.publicKey), path };
}

describe('a signature by an SSH key', () => {
  test('tells whose it is, on any computer', async () => {
    const { signatures, fingerprint } = await signer();
    const signature = await signatures.sign('what was baked\n');
    expect(await sshSignatures('/nowhere').signer('what was baked\n', signature)).toBe(fingerprint);
  });

  test('is none over a text that was changed, and none where it is no signature', async () => {
    const { signatures } = await signer();
    const signature = await signatures.sign('what was baked\n');
    expect(await signatures.signer('what was baked \n', signature)).toBeUndefined();
    expect(await signatures.signer('what was baked\n', 'nonsense')).toBeUndefined();
  });

  test('cannot be made without the key, and that says which key is missing', async () => {
    const { signatures, path } = await signer();
    await writeFile(path, 'no key\n');
    await expect(signatures.sign('x')).rejects.toMatchObject({
      code: 'SIGNING_FAILED',
      doing: `signing with ${path}`,
      next: expect.stringContaining('image.signing_key'),
    });
  });
});
