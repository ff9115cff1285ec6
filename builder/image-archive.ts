import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, type Header, pack } from 'tar-stream';
import { z } from 'zod';

/** A container image as `docker save` gives it, entry by entry: what a machine has already need not be sent. */
export interface ImageArchive {
  /** Its layers by what is in them ("sha256:…"), the lowest first. */
  readonly layers: readonly string[];
  readonly bytes: number;
  /** The archive for `docker load` on a machine that has the lowest `count` layers. */
  without(count: number): { readonly stream: Readable; readonly bytes: number };
}

interface Entry {
  readonly header: Header;
  /** Where it lies meanwhile; undefined of what has no content. */
  readonly file: string | undefined;
}

const manifestSchema = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })]);
const configSchema = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

/**
 * Lies in a directory of its own until `stop`. An engine tells only at the end of an archive which entry is which layer, so
 * nothing can be left out on the way.
 */
export async function openArchive(saved: Readable, stop: AbortSignal): Promise<ImageArchive> {
  stop.throwIfAborted();
  const directory = await mkdtemp(join(tmpdir(), 'anny-app-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    const entries = await unpack(saved, directory, stop);
    stop.addEventListener('abort', remove, { once: true });
    stop.throwIfAborted();
    const [manifest] = manifestSchema.parse(await readJson(entries, 'manifest.json'));
    const config = configSchema.parse(await readJson(entries, manifest.Config));
    return archiveOf(entries, manifest.Layers, config.rootfs.diff_ids);
  } catch (error) {
    remove();
    throw error;
  }
}

function archiveOf(entries: readonly Entry[], paths: readonly string[], layers: readonly string[]): ImageArchive {
  return {
    layers,
    bytes: sizeOf(entries),
    without: (count) => {
      // The same layer may come again further up, as a link to its first place.
      const above = new Set(layers.slice(count));
      const there = new Set(paths.slice(0, count).filter((_path, index) => !above.has(layers[index] ?? '')));
      const sent = entries.filter(({ header }) => !there.has(header.name));
      return { stream: packed(sent), bytes: sizeOf(sent) };
    },
  };
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { header }) => sum + (header.size ?? 0), 0);
}

async function unpack(saved: Readable, directory: string, signal: AbortSignal): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const reader = extract();
  const written = pipeline(saved, reader, { signal });
  // Told by the loop below.
  written.catch(() => undefined);
  for await (const entry of reader) {
    const file = entry.header.type === 'file' ? join(directory, String(entries.length)) : undefined;
    entries.push({ header: entry.header, file });
    if (file === undefined) entry.resume();
    else await pipeline(entry, createWriteStream(file, { mode: 0o600 }), { signal });
  }
  await written;
  return entries;
}

async function readJson(entries: readonly Entry[], name: string): Promise<unknown> {
  const file = entries.find(({ header }) => header.name === name)?.file;
  if (file === undefined) throw new Error(`the engine's archive has no ${name}`);
  return JSON.parse((await buffer(createReadStream(file))).toString());
}

function packed(entries: readonly Entry[]): Readable {
  const archive = pack();
  const write = async (): Promise<void> => {
    for (const { header, file } of entries) {
      if (file === undefined) archive.entry(header);
      else await pipeline(createReadStream(file), archive.entry(header));
    }
    archive.finalize();
  };
  write().catch((error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))));
  return Readable.from(archive);
}
