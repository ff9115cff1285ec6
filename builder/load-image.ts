import { pipeline, type Readable, Transform } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Settings } from '../config/settings.ts';
import type { Shell } from '../machine/shell.ts';
import { quote } from '../machine/ssh-shell.ts';
import { AnnyError } from '../operation/errors.ts';
import type { StepReport } from '../operation/report.ts';
import { bakedTag } from './build-app.ts';
import { contextArchive, readBuildContext } from './build-context.ts';
import type { ImageArchive } from './image-archive.ts';

export const LOAD_TIMEOUT_MS = 30 * 60_000;

/** Loads what comes on stdin, and gives it a tag. What else had that tag, or is to go, is not baked along. */
export function loadScript(tag: string, gone?: string): string {
  const untag = gone === undefined ? '' : `docker image rm ${quote(gone)} >/dev/null 2>&1 || true\n`;
  return `loaded=$(docker load --quiet | sed -nE 's/^Loaded image( ID)?: //p' | tail -n 1)
docker tag "$loaded" ${quote(tag)}
${untag}docker image prune --force >/dev/null`;
}

/** The layers of each image that the machine has, one image a line. */
const HELD = `docker image ls --all --quiet --no-trunc | sort -u | xargs -r docker image inspect --format '{{join .RootFS.Layers " "}}'`;

export interface Sent {
  /** As they went over the network. */
  readonly sent: number;
  /** Of layers that were there. */
  readonly spared: number;
  /** Why layers that were there had to be sent all the same. */
  readonly refusal?: string;
}

/** Sends the layers that the machine does not have. A store that wants them all the same gets them all. */
export async function loadOver(
  shell: Shell,
  archive: ImageArchive,
  tags: { readonly tag: string; readonly gone: string },
  progress: StepReport,
): Promise<Sent> {
  const count = lowestHeld(archive.layers, await shell.run(HELD));
  const missing = archive.without(count);
  const load = (stream: Readable): Promise<number> =>
    streamTo(shell, stream, loadScript(tags.tag, tags.gone), progress);
  try {
    return { sent: await load(missing.stream), spared: archive.bytes - missing.bytes };
  } catch (error) {
    if (count === 0 || !(error instanceof AnnyError) || error.code !== 'COMMAND_FAILED') throw error;
    return { sent: await load(archive.without(0).stream), spared: 0, refusal: error.found };
  }
}

/** How many of the lowest layers one image there has too: a layer counts only on top of the same ones. */
function lowestHeld(layers: readonly string[], held: string): number {
  const shared = held.split('\n').map((line) => {
    const there = line.trim().split(' ');
    const differs = layers.findIndex((layer, index) => layer !== there[index]);
    return differs < 0 ? layers.length : differs;
  });
  return Math.max(0, ...shared);
}

/** Streams to a script's stdin, compressed where the machine is far; resolves with the bytes that were sent. */
export async function streamTo(shell: Shell, stream: Readable, script: string, progress: StepReport): Promise<number> {
  let bytes = 0;
  const counter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      progress.progress(`${Math.round(bytes / 1e6)} MB`);
      done(null, chunk);
    },
  });
  const isNear = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|127\.)/.test(shell.address);
  // Who breaks off ends the machine's input with an error, and does not end this program.
  if (isNear) pipeline(stream, counter, () => undefined);
  else pipeline(stream, createGzip({ level: 1 }), counter, () => undefined);
  await shell.run(script, { stdin: counter, timeoutMs: LOAD_TIMEOUT_MS });
  return bytes;
}

export async function buildThere(settings: Settings, shell: Shell): Promise<void> {
  const { dockerfile, build_args: args } = settings.config.app;
  const flags = Object.entries(args).map(([name, value]) => `--build-arg ${quote(`${name}=${value}`)}`);
  const stdin = contextArchive(await readBuildContext(settings));
  await shell.run(
    `docker build --quiet --tag ${quote(bakedTag(settings))} --file ${quote(dockerfile)} ${flags.join(' ')} - >/dev/null`,
    { stdin, timeoutMs: LOAD_TIMEOUT_MS },
  );
}
