import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file of this ending was being made when something failed: never a part of the memory. */
export const UNFINISHED = '.tmp';

type Parts = Iterable<string | Buffer>;

/**
 * Replaces `path` as a whole, durably: readers and a crash see the old content or the new, nothing between. `mayReplace` is
 * asked last of all; when it rejects, nothing has happened.
 */
export async function replaceFile(path: string, parts: Parts, mayReplace?: () => Promise<void>): Promise<void> {
  await place(path, parts, async (from) => {
    await mayReplace?.();
    await rename(from, path);
  });
}

/** As `replaceFile`, but rejects with EEXIST when `path` is there already. */
export async function createFile(path: string, parts: Parts): Promise<void> {
  await place(path, parts, async (from) => {
    await link(from, path);
    await rm(from);
  });
}

async function place(path: string, parts: Parts, put: (from: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomUUID()}${UNFINISHED}`;
  try {
    await writeNew(temporary, parts);
    await put(temporary);
  } catch (error) {
    // On a full disk this is what makes room again.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeNew(path: string, parts: Parts): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    for (const part of parts) await writeAll(handle, typeof part === 'string' ? Buffer.from(part) : part);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether the disk takes that many bytes: writes them durably and removes them. */
export async function tryToWrite(path: string, bytes: number): Promise<void> {
  const temporary = `${path}.${randomUUID()}${UNFINISHED}`;
  try {
    await writeNew(temporary, [Buffer.alloc(bytes)]);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Makes names in a directory durable: a new or renamed file is lost in a power cut without it. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A full disk may take a part of a write before it fails the next. */
export async function writeAll(handle: FileHandle, data: Buffer): Promise<void> {
  let offset = 0;
  while (offset < data.length) {
    const { bytesWritten } = await handle.write(data, offset, data.length - offset);
    offset += bytesWritten;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
