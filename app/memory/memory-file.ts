import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf, createFile, reasonOf, replaceFile } from './disk.ts';
import type { Entry } from './entry.ts';
import { entrySchema } from './entry.ts';
import { MemoryProblem } from './problem.ts';

const FORMAT = 'anny-memory/1';
/** Other requests get their turn after this much has been made into JSON. */
const PART_CHARACTERS = 500_000;

const fileSchema = z.object({
  format: z.literal(FORMAT),
  /** Tells this memory from every other: a journal of another one is not replayed onto it. */
  store: z.uuid(),
  /** Journals of this generation and later ones come on top. */
  generation: z.int().min(1),
  nextSeq: z.int().min(1),
  entries: z.array(entrySchema),
});
export type MemoryFile = z.infer<typeof fileSchema>;

/** memory.json; undefined when there is none. Anything else than a whole memory is refused. */
export async function readMemoryFile(path: string): Promise<MemoryFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw refused(path, `cannot be read (${reasonOf(error)})`, error);
  }
  const file = parse(path, text);
  checkOrder(path, file);
  return file;
}

function parse(path: string, text: string): MemoryFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser's own message would quote the content.
    throw refused(path, `is not whole JSON (${text.length} characters): torn, or not made by Anny`, error);
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw refused(path, `is not a memory of format ${FORMAT}: at "${issue?.path.join('.')}", ${issue?.message}`);
}

function checkOrder(path: string, file: MemoryFile): void {
  const ids = new Set<string>();
  let last = 0;
  for (const { id, seq } of file.entries) {
    if (seq <= last || seq >= file.nextSeq || ids.has(id))
      throw refused(path, `has entry "${id}" twice or out of order`);
    ids.add(id);
    last = seq;
  }
}

function refused(path: string, what: string, cause?: unknown): MemoryProblem {
  const next = 'It was left as it is; put a good one in its place and start again.';
  return new MemoryProblem('refused', `${path} ${what}. ${next}`, { cause });
}

export type Head = Pick<MemoryFile, 'store' | 'generation' | 'nextSeq'>;

/** Written whole, one entry a line, so that people and `diff` can read it too. `mayReplace`: see replaceFile. */
export function writeMemoryFile(
  path: string,
  head: Head,
  entries: readonly Entry[],
  mayReplace: () => Promise<void>,
): Promise<void> {
  return replaceFile(path, partsOf(head, entries), mayReplace);
}

/** The first memory.json of a directory. Rejects with EEXIST when there is one. */
export function beginMemoryFile(path: string, head: Head): Promise<void> {
  return createFile(path, partsOf(head, []));
}

function* partsOf(head: Head, entries: readonly Entry[]): Generator<string> {
  let part = `${JSON.stringify({ format: FORMAT, ...head }).slice(0, -1)},"entries":[`;
  for (const [index, entry] of entries.entries()) {
    part += `${index === 0 ? '' : ','}\n${JSON.stringify(entry)}`;
    if (part.length < PART_CHARACTERS) continue;
    yield part;
    part = '';
  }
  yield `${part}\n]}\n`;
}
