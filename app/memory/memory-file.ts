import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf, reasonOf, replaceFile } from './disk.ts';
import type { Entry } from './entry.ts';
import { entrySchema } from './entry.ts';
import { MemoryProblem } from './problem.ts';

const FORMAT = 'anny-memory/1';
const ENTRIES_PER_PART = 1000;

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

/** Written whole, one entry a line, so that people and `diff` can read it too. */
export function writeMemoryFile(path: string, file: Omit<MemoryFile, 'format' | 'entries'>, entries: readonly Entry[]) {
  return replaceFile(path, partsOf(file, entries));
}

function* partsOf(file: Omit<MemoryFile, 'format' | 'entries'>, entries: readonly Entry[]): Generator<string> {
  const head = JSON.stringify({ format: FORMAT, ...file });
  yield `${head.slice(0, -1)},"entries":[`;
  for (let start = 0; start < entries.length; start += ENTRIES_PER_PART) {
    const lines = entries.slice(start, start + ENTRIES_PER_PART).map((entry) => `\n${JSON.stringify(entry)}`);
    yield `${start === 0 ? '' : ','}${lines.join(',')}`;
  }
  yield '\n]}\n';
}
