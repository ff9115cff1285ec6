import { describe, expect, test } from 'vitest';
import type { Vouched } from '../builder/papers/vouch.ts';
import { simulatedAccount } from '../builder/trial/account.ts';
import { baker } from '../builder/trial/baker.ts';
import { projectWith } from '../builder/trial/project.ts';
import { IMAGE } from '../test/simulation/example-releases.ts';
import { requireTrusted } from './trusted-image.ts';

const NONE = 'image: {}\n';
const SIGNERS =
  'image:\n  signers:\n    ann: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n';

async function trying(vouched: Vouched, config = NONE) {
  const { context } = await baker(simulatedAccount(), await projectWith({ 'config.yaml': config }));
  const { operation, settings } = context;
  const image = requireTrusted({ operation, settings, vouching: { vouch: async () => vouched } }, IMAGE);
  return { image, warnings: operation.warnings };
}

describe('an image that is to be brought up', () => {
  test.each([NONE, SIGNERS])('is, when it is the one that was signed', async (config) => {
    const { image, warnings } = await trying({ kind: 'signed', by: 'ann', environment: 'production' }, config);
    expect(await image).toBe(IMAGE);
    expect(warnings).toEqual([]);
  });

  test.each([NONE, SIGNERS])('is refused when it is not the one that was signed, whoever may sign', async (config) => {
    const { image } = await trying({ kind: 'wrong', found: 'another snapshot' }, config);
    await expect(image).rejects.toMatchObject({ code: 'IMAGE_UNTRUSTED', found: 'another snapshot', exitCode: 4 });
  });

  test('is refused without papers where signers are named, and says whose signature is wanted', async () => {
    const { image } = await trying({ kind: 'without papers' }, SIGNERS);
    await expect(image).rejects.toMatchObject({
      code: 'IMAGE_UNTRUSTED',
      found: 'nobody signed it, and image.signers wants ann',
      next: expect.stringContaining('anny-image build --force'),
    });
  });

  test('is let through without papers where nobody is named, with a warning: an earlier version baked it', async () => {
    const { image, warnings } = await trying({ kind: 'without papers' });
    expect(await image).toBe(IMAGE);
    expect(warnings).toEqual([expect.stringContaining('nobody signed anny')]);
  });
});
