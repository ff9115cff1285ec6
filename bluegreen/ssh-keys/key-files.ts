import { chmod, copyFile, rename, rm } from 'node:fs/promises';
import { publicHalf, sameKey } from '../../machine/key-file.ts';
import { makeSshKey } from '../../machine/ssh-key.ts';
import { AnnyError } from '../../operation/errors.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { readIfThere, writeNew } from '../init/write-new.ts';

const SECRET_MODE = 0o600;
const PLAIN_MODE = 0o644;

/** A private key on this computer, the one that will take its place, and the one whose place it took. */
export interface KeyFiles {
  readonly path: string;
  readonly next: string;
  readonly former: string;
}

export function keyFiles(path: string): KeyFiles {
  return { path, next: `${path}.next`, former: `${path}.former` };
}

/** Its public half; made when there is none yet. */
export async function ensureNext({ next }: KeyFiles): Promise<string> {
  const there = await publicHalf(next);
  if (there !== undefined) return there;
  const { privateKey, publicKey } = makeSshKey(systemClock);
  if (await writeNew({ path: next, text: privateKey, mode: SECRET_MODE })) return publicKey;
  throw new AnnyError('USAGE', {
    doing: `making ${next}`,
    found: 'somebody else has made it meanwhile',
    next: 'run this again',
  });
}

/** One rename: whoever is killed here has the one key or the other, and both are kept. */
export async function useNext({ path, next, former }: KeyFiles): Promise<void> {
  await copyFile(path, former);
  await chmod(former, SECRET_MODE);
  await rename(next, path);
}

/** The .pub beside it says what the private key is. */
export async function writePublicHalf({ path }: KeyFiles): Promise<void> {
  const own = await publicHalf(path);
  const said = await readIfThere(`${path}.pub`);
  if (own === undefined || (said !== undefined && sameKey(said, own))) return;
  await rm(`${path}.pub`, { force: true });
  await writeNew({ path: `${path}.pub`, text: `${own} anny\n`, mode: PLAIN_MODE });
}
