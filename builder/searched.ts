import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotId } from '../cloud/cloud.ts';
import type { Needle } from './needles.ts';
import { kindOfSearch } from './secret-search.ts';

/**
 * What the disk of an image was searched for, remembered on this computer alone and as one salted hash of everything at once, the
 * account's key in it, so that no weak secret can be guessed from it: an image above it need not be searched again for the same.
 */

const BYTES = 32;

/** After the search and a search of the booted machine have found nothing. Not to remember it costs time alone. */
export async function rememberSearch(
  directory: string,
  snapshot: SnapshotId,
  needles: readonly Needle[],
): Promise<void> {
  const salt = randomBytes(BYTES);
  const path = pathOf(directory, snapshot);
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
    .then(() => writeFile(path, `${salt.toString('hex')} ${hashOf(needles, salt).toString('hex')}\n`, { mode: 0o600 }))
    .catch(() => undefined);
}

/** False also where nobody knows: another operator baked it. */
export async function wasSearchedFor(
  directory: string,
  snapshot: SnapshotId,
  needles: readonly Needle[],
): Promise<boolean> {
  const text = await readFile(pathOf(directory, snapshot), 'utf8').catch(() => '');
  const [salt, hashed] = text.split(/\s/).map((part) => Buffer.from(part, 'hex'));
  if (salt?.length !== BYTES || hashed?.length !== BYTES) return false;
  return hashed.equals(hashOf(needles, salt));
}

/** Known forms of keys are a part of the search itself. */
function hashOf(needles: readonly Needle[], salt: Buffer): Buffer {
  return createHmac('sha256', salt)
    .update(JSON.stringify([kindOfSearch(), needles]))
    .digest();
}

function pathOf(directory: string, snapshot: SnapshotId): string {
  return join(directory, '.anny', 'searched', snapshot);
}
