import { AnnyError } from '../operation/errors.ts';
import type { Image } from './catalog.ts';

const SHORTEST_DIGEST = 6;

/** The newest image that a person means: by its name, its snapshot, or the first characters of its digest. */
export function findImage(images: readonly Image[], wanted: string): Image {
  const isMeant = ({ snapshotId, name, digest }: Image): boolean =>
    snapshotId === wanted || name === wanted || (wanted.length >= SHORTEST_DIGEST && digest.startsWith(wanted));
  const meant = images.filter(isMeant);
  const image = meant.find(({ stage, complete }) => stage === 'tested' && complete) ?? meant[0];
  if (image !== undefined) return image;
  throw new AnnyError('IMAGE_MISSING', {
    doing: `looking for image ${wanted}`,
    found: `the account has ${images.map((one) => `${one.name} ${one.digest.slice(0, 12)}`).join(', ') || 'no images'}`,
    next: 'anny-image list; an image is named by its name, its snapshot, or the first characters of its digest',
  });
}
