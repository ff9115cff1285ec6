import { archiveIn } from '../builder/papers/archive.ts';
import { environmentOf } from '../builder/papers/papers.ts';
import { signaturesOf } from '../builder/papers/ssh-signatures.ts';
import { vouch } from '../builder/papers/vouch.ts';
import type { Cloud } from '../cloud/cloud.ts';
import type { LoadedSettings } from '../config/settings.ts';
import type { Vouching } from './vouching.ts';

/** By the papers that the account keeps, and OpenSSH's own program for the signature. */
export function accountVouching(cloud: Cloud, settings: LoadedSettings): Vouching {
  const { config, directory } = settings;
  const signatures = signaturesOf(settings);
  const archive = archiveIn(cloud, directory);
  return {
    vouch: async (image) => vouch(signatures, config.image.signers, image, await archive.recall(image)),
    environmentOf: async (image) => environmentOf(await archive.recall(image)),
  };
}
