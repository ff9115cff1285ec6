import { access, constants } from 'node:fs/promises';
import type Docker from 'dockerode';
import { AnnyError } from '../../operation/errors.ts';
import { lastLines, runCommand } from './host-command.ts';
import { type CloudPlace, LABEL_CLOUD, LABEL_KIND, LABEL_SNAPSHOT } from './place.ts';

const COPY_TIMEOUT_MS = 30 * 60_000;

export function snapshotImage(place: CloudPlace, snapshotId: string): string {
  return `${place.name}/snapshot:${snapshotId}`;
}

export function snapshotVolume(place: CloudPlace, snapshotId: string): string {
  return `${place.name}-snapshot-${snapshotId}`;
}

/** Disk and Docker volume of a machine, as if it lost power: a running one is frozen while it is copied. */
export async function takeSnapshot(
  engine: Docker,
  place: CloudPlace,
  what: { readonly snapshotId: string; readonly container: Docker.Container; readonly volume: string },
): Promise<{ readonly bytes: number }> {
  const { snapshotId, container } = what;
  const { State } = await container.inspect();
  if (State.Running) await container.pause();
  try {
    const [repo, tag] = snapshotImage(place, snapshotId).split(':');
    await container.commit({ repo, tag, pause: false });
    await copyVolume(engine, place, what.volume, snapshotVolume(place, snapshotId));
  } finally {
    if (State.Running) await container.unpause();
  }
  return { bytes: (await engine.getImage(snapshotImage(place, snapshotId)).inspect()).Size };
}

/** Copies one volume into another: here where they can be seen from here, else in a helper container on the engine's side. */
export async function copyVolume(engine: Docker, place: CloudPlace, from: string, to: string): Promise<void> {
  await ensureVolume(engine, place, from);
  await ensureVolume(engine, place, to);
  if (await copyHere(engine, from, to)) return;
  const helper = await engine.createContainer({
    Image: await anyImage(engine),
    Entrypoint: ['cp', '-a', '--reflink=auto', '/from/.', '/to/'],
    Labels: { [LABEL_CLOUD]: place.name, [LABEL_KIND]: 'helper' },
    HostConfig: { Binds: [`${from}:/from:ro`, `${to}:/to`], NetworkMode: 'none' },
  });
  try {
    await helper.start();
    const { StatusCode } = (await helper.wait()) as { StatusCode: number };
    if (StatusCode === 0) return;
    const said = (await helper.logs({ stdout: true, stderr: true })).toString().slice(-300);
    throw copyFailed(from, said.trim() || `exit ${StatusCode}`);
  } finally {
    await helper.remove({ force: true });
  }
}

/**
 * Copies $1 to $2. Layers of container images never change once they are there, so they are linked, which spares the disk most
 * of the work; where a container exists its own layer does change, and everything is copied.
 */
const COPY_SCRIPT = `
cd "$1"
if [ -d overlay2 ] && [ -z "$(ls -A image/overlay2/layerdb/mounts 2>/dev/null)" ]; then
  find . -mindepth 1 -maxdepth 1 ! -name overlay2 -exec cp -a -t "$2" {} +
  cp -al overlay2 "$2/"
  chmod --reference=. "$2"
  chown --reference=. "$2"
else
  cp -a --reflink=auto . "$2/"
fi
`;

/** False when the engine's disk is not to be seen from here. An engine elsewhere may name a path that means something else here. */
async function copyHere(engine: Docker, from: string, to: string): Promise<boolean> {
  const [source, target] = await Promise.all([from, to].map((name) => engine.getVolume(name).inspect()));
  if (source === undefined || target === undefined || process.env.DOCKER_HOST !== undefined) return false;
  const places = [source.Mountpoint, target.Mountpoint];
  const seen = await Promise.all(places.map((path) => access(path, constants.R_OK | constants.W_OK).then(yes, no)));
  if (!seen.every(Boolean)) return false;
  const words = ['-ec', COPY_SCRIPT, 'copy', source.Mountpoint, target.Mountpoint];
  const { code, output } = await runCommand('sh', words, { timeoutMs: COPY_TIMEOUT_MS });
  if (code === 0) return true;
  throw copyFailed(from, lastLines(output));
}

const yes = (): boolean => true;
const no = (): boolean => false;

function copyFailed(volume: string, found: string): AnnyError {
  return new AnnyError('NO_SPACE', {
    doing: `copying volume ${volume}`,
    found,
    next: 'look at the space of the disk that Docker uses (docker system df)',
  });
}

async function ensureVolume(engine: Docker, place: CloudPlace, name: string): Promise<void> {
  await engine.createVolume({ Name: name, Labels: { [LABEL_CLOUD]: place.name, [LABEL_SNAPSHOT]: 'volume' } });
}

/** Any machine image has cp in it. */
async function anyImage(engine: Docker): Promise<string> {
  const images = await engine.listImages({ filters: { reference: ['anny-local/machine'] } });
  const image = images[0]?.Id;
  if (image !== undefined) return image;
  throw new AnnyError('CLOUD_LEFTOVER', {
    doing: 'copying a volume',
    found: 'the stock machine image is gone from the engine',
    next: 'anny-cloud up makes it again',
  });
}

export async function removeVolume(engine: Docker, name: string): Promise<void> {
  await engine.getVolume(name).remove({ force: true }).catch(ignoreMissing);
}

export async function removeImage(engine: Docker, name: string): Promise<void> {
  await engine.getImage(name).remove({ force: true }).catch(ignoreMissing);
}

function ignoreMissing(error: { statusCode?: number }): void {
  if (error.statusCode !== 404) throw error;
}
