import { randomUUID } from 'node:crypto';
import type { Contents } from './contents.ts';
import { createContents } from './contents.ts';
import { codeOf, replaceFile } from './disk.ts';
import type { Files } from './files.ts';
import { journalsIn } from './files.ts';
import type { ReadJournal } from './journal.ts';
import { readJournal } from './journal.ts';
import type { MemoryFile } from './memory-file.ts';
import { beginMemoryFile, readMemoryFile } from './memory-file.ts';
import { MemoryProblem } from './problem.ts';

export interface Loaded {
  readonly store: string;
  readonly contents: Contents;
  /** Generation of memory.json. */
  readonly folded: number;
  /** Generation for the next journal, and how many frames of the one before it count. */
  readonly generation: number;
  readonly framesBefore: number;
  /** Changes that are in journals only. */
  readonly unfolded: number;
  /** Bytes of an append that a crash cut short; saved beside the journal. */
  readonly tailBytes: number;
}

/** memory.json with its journals on top. Refuses what is not whole and changes nothing then. */
export async function load(files: Files): Promise<Loaded> {
  const journals = await journalsIn(files);
  const file = (await readMemoryFile(files.memory)) ?? (await begin(files, journals));
  const chain = await readChain(files, file, journals);
  const contents = createContents(file.entries, file.nextSeq);
  let unfolded = 0;
  for (const [index, journal] of chain.entries()) {
    const counting = chain[index + 1]?.header.framesBefore ?? journal.frames.length;
    for (const change of journal.frames.slice(0, counting).flat()) {
      contents.apply(change);
      unfolded += 1;
    }
  }
  const last = chain.at(-1);
  if (last !== undefined && last.tail.length > 0) await replaceFile(files.tail(last.header.generation), [last.tail]);
  return {
    store: file.store,
    contents,
    folded: file.generation,
    generation: file.generation + chain.length,
    framesBefore: last?.frames.length ?? 0,
    unfolded,
    tailBytes: last?.tail.length ?? 0,
  };
}

async function begin(files: Files, journals: readonly number[]): Promise<MemoryFile> {
  if (journals.length > 0) {
    const found = `${files.memory} is missing, and there are journals that belong to it`;
    throw new MemoryProblem('refused', `${found}. Put it back, or remove memory.journal.* to begin with nothing.`);
  }
  // Another process may begin here at the same moment: then its beginning is ours too.
  await beginMemoryFile(files.memory, { store: randomUUID(), generation: 1, nextSeq: 1 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  const begun = await readMemoryFile(files.memory);
  if (begun === undefined) throw new MemoryProblem('failing', `${files.memory} vanished as soon as it was made.`);
  return begun;
}

/** The journals that come on top of `file`, checked to follow one another. Older ones are in it already. */
async function readChain(files: Files, file: MemoryFile, journals: readonly number[]): Promise<ReadJournal[]> {
  const chain: ReadJournal[] = [];
  for (const generation of journals.filter((generation) => generation >= file.generation)) {
    const path = files.journal(generation);
    const expected = file.generation + chain.length;
    if (generation !== expected) throw broken(path, `journal ${expected} is missing`);
    const journal = await readJournal(path);
    if (journal.header.store !== file.store) throw broken(path, 'it belongs to another memory');
    if (journal.header.generation !== generation) throw broken(path, `it says that it is ${journal.header.generation}`);
    const before = chain.at(-1)?.frames.length;
    if (before !== undefined && before < journal.header.framesBefore) {
      const found = `${files.journal(generation - 1)} has ${before} frames instead of ${journal.header.framesBefore}`;
      throw broken(path, found);
    }
    chain.push(journal);
  }
  return chain;
}

function broken(path: string, what: string): MemoryProblem {
  const next = 'Nothing was changed; restore the last backup as a whole.';
  return new MemoryProblem('refused', `${path} does not follow what is there: ${what}. ${next}`);
}
