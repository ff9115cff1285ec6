import type { Cloud, Snapshot, SnapshotId } from '../cloud/cloud.ts';

/** A finished snapshot that says of itself, in its description, what it holds; see docs/architecture.md. */
export interface Image {
  readonly snapshotId: SnapshotId;
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly digest: string;
  readonly stage: 'candidate' | 'tested';
  /** First 12 characters of the parent's digest, or "os". */
  readonly parent: string;
  readonly operation: string;
  readonly createdAt: string;
  readonly sizeBytes: number;
  readonly storedBytes: number;
  readonly complete: boolean;
}

const DESCRIPTION =
  /^anny image=(?<name>[a-z][a-z0-9-]*) digest=(?<digest>[0-9a-f]{64}) stage=(?<stage>candidate|tested) parent=(?<parent>[0-9a-f]{12}|os) op=(?<operation>\S+)$/;

export function describeImage(image: Pick<Image, 'name' | 'digest' | 'stage' | 'parent' | 'operation'>): string {
  return `anny image=${image.name} digest=${image.digest} stage=${image.stage} parent=${image.parent} op=${image.operation}`;
}

/** undefined for snapshots that are not Anny's. */
export function imageOf(snapshot: Snapshot): Image | undefined {
  const groups = DESCRIPTION.exec(snapshot.description)?.groups;
  if (groups === undefined || snapshot.status === 'deleted') return undefined;
  return {
    snapshotId: snapshot.id,
    name: groups.name ?? '',
    digest: groups.digest ?? '',
    stage: groups.stage === 'tested' ? 'tested' : 'candidate',
    parent: groups.parent ?? '',
    operation: groups.operation ?? '',
    createdAt: snapshot.createdAt,
    sizeBytes: snapshot.sizeBytes,
    storedBytes: snapshot.storedBytes,
    complete: snapshot.status === 'complete',
  };
}

/** Every image of the account, newest first: one listing. */
export async function imagesIn(cloud: Cloud): Promise<readonly Image[]> {
  const snapshots = await cloud.snapshots();
  return snapshots
    .flatMap((snapshot) => imageOf(snapshot) ?? [])
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}

/** The images of a name that may be brought up, newest first; a digest may be given by its first characters. */
export function testedOf(images: readonly Image[], name: string, digest = ''): readonly Image[] {
  return images.filter(
    (image) => image.name === name && image.stage === 'tested' && image.complete && image.digest.startsWith(digest),
  );
}

/** The newest tested image of a parent when its child was baked; undefined when it is on the stock system, or its parent is gone. */
export function parentOf(images: readonly Image[], child: Image): Image | undefined {
  return images.find(
    (one) => one.stage === 'tested' && one.digest.startsWith(child.parent) && one.createdAt <= child.createdAt,
  );
}

/** The newest of them. */
export function latestTested(images: readonly Image[], name: string): Image | undefined {
  return testedOf(images, name)[0];
}

/** When its packages were fetched, in milliseconds: those of its parents are older than it is itself. */
export function packagesFrom(images: readonly Image[], image: Image): number {
  const parent = parentOf(images, image);
  const own = Date.parse(image.createdAt);
  return parent === undefined || parent === image ? own : Math.min(own, packagesFrom(images, parent));
}

/** The tested image with this digest whose packages are not too old, where there is one. */
export function reusable(
  images: readonly Image[],
  identity: Pick<Image, 'name' | 'digest'>,
  nowMs: number,
  maxAgeMs: number,
): Image | undefined {
  return images.find(
    (one) =>
      one.name === identity.name &&
      one.digest === identity.digest &&
      one.stage === 'tested' &&
      one.complete &&
      nowMs - packagesFrom(images, one) < maxAgeMs,
  );
}
