import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { codeOf, createFile, syncDirectory, writeAll } from './disk.ts';
import type { Change } from './entry.ts';
import { changeSchema } from './entry.ts';
import { MemoryProblem } from './problem.ts';

const FORMAT = 'anny-journal/1';

const headerSchema = z.object({
  format: z.literal(FORMAT),
  store: z.uuid(),
  generation: z.int().min(1),
  /** Token of the process that made it. */
  owner: z.uuid(),
  /** How many frames of the journal before it count: one that was never acknowledged may stand behind them. */
  framesBefore: z.int().min(0),
});
export type JournalHeader = Omit<z.infer<typeof headerSchema>, 'format'>;

const changesSchema = z.array(changeSchema);

/** An open journal. A frame is one batch of changes on one line: checksum, number, changes. */
export interface Journal {
  readonly generation: number;
  readonly frames: number;
  readonly bytes: number;
  /** Resolves when the changes are on disk. After a failure nothing more may be appended. */
  append(changes: readonly Change[]): Promise<void>;
  /** Cuts off what a failed append may have left, as far as the disk lets us. */
  abandon(): Promise<void>;
  close(): Promise<void>;
}

export async function createJournal(path: string, header: JournalHeader): Promise<Journal> {
  const head = `${JSON.stringify({ format: FORMAT, ...header })}\n`;
  await createFile(path, [head]).catch(async (error: unknown) => {
    // Made by an attempt of ours that failed after it had appeared: still empty, so ours to use.
    if (codeOf(error) !== 'EEXIST' || (await readFile(path, 'utf8')) !== head) throw error;
    await syncDirectory(dirname(path));
  });
  const handle = await open(path, 'a');
  let bytes = Buffer.byteLength(head);
  let frames = 0;
  return {
    generation: header.generation,
    get frames() {
      return frames;
    },
    get bytes() {
      return bytes;
    },
    append: async (changes) => {
      const line = frame(frames + 1, changes);
      await writeAll(handle, line);
      await handle.datasync();
      frames += 1;
      bytes += line.length;
    },
    abandon: async () => {
      await handle.truncate(bytes).catch(() => {});
      await handle.datasync().catch(() => {});
      await handle.close().catch(() => {});
    },
    close: () => handle.close(),
  };
}

function frame(number: number, changes: readonly Change[]): Buffer {
  const body = `${number} ${JSON.stringify(changes)}`;
  return Buffer.from(`${checksum(body)} ${body}\n`);
}

function checksum(body: string | Buffer): string {
  return crc32(body).toString(16).padStart(8, '0');
}

export interface ReadJournal {
  readonly header: JournalHeader;
  readonly frames: readonly (readonly Change[])[];
  /** What stands behind the last whole frame: a crash in the middle of an append leaves it; nobody got an answer for it. */
  readonly tail: Buffer;
}

/** Refuses a journal with damage in the middle: what follows it was acknowledged. */
export async function readJournal(path: string): Promise<ReadJournal> {
  const data = await readFile(path);
  const end = data.indexOf('\n') + 1;
  const header = readHeader(path, data.subarray(0, end));
  const frames: Change[][] = [];
  let position = end;
  for (;;) {
    const next = data.indexOf('\n', position) + 1;
    const found = next === 0 ? undefined : readFrame(data.subarray(position, next - 1));
    if (found === undefined) break;
    if (found.number !== frames.length + 1)
      throw damaged(path, `frame ${found.number} where ${frames.length + 1} should be`);
    frames.push(found.changes);
    position = next;
  }
  const tail = data.subarray(position);
  if (holdsFrame(tail)) throw damaged(path, `frame ${frames.length + 1} is broken and later ones are whole`);
  return { header, frames, tail };
}

function readHeader(path: string, line: Buffer): JournalHeader {
  try {
    return headerSchema.parse(JSON.parse(line.toString()));
  } catch {
    throw damaged(path, `its first line is not that of ${FORMAT}`);
  }
}

function readFrame(line: Buffer): { number: number; changes: Change[] } | undefined {
  const body = line.subarray(9);
  if (line.subarray(0, 9).toString() !== `${checksum(body)} `) return undefined;
  const space = body.indexOf(' ');
  const changes = changesSchema.safeParse(JSON.parse(body.subarray(space).toString()));
  return changes.success ? { number: Number(body.subarray(0, space).toString()), changes: changes.data } : undefined;
}

function holdsFrame(tail: Buffer): boolean {
  let position = tail.indexOf('\n') + 1;
  while (position > 0) {
    const next = tail.indexOf('\n', position);
    if (next !== -1 && readFrame(tail.subarray(position, next)) !== undefined) return true;
    position = next + 1;
  }
  return false;
}

function damaged(path: string, what: string): MemoryProblem {
  return new MemoryProblem(
    'refused',
    `${path} is damaged: ${what}. It was left as it is; restore the last backup, or remove it and lose what it holds.`,
  );
}
