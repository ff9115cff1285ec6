import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cloud } from '../../cloud/cloud.ts';
import type { Image } from '../catalog.ts';
import { type Papers, packPapers, statementOf, unpackPapers } from './papers.ts';

/** An image by what its description says: two bakes of one digest have papers of their own. */
export type Baking = Pick<Image, 'digest' | 'operation'>;

type Recalled = Baking & Pick<Image, 'snapshotId'>;

/** Where papers are kept: in the account, for everybody with its key, and in files beside the journal, for other tools too. */
export interface Archive {
  /** False when they are kept here alone, since they are too long for the account. */
  keep(baking: Baking, papers: Papers, sbom: string): Promise<boolean>;
  /** undefined for an image that has none: one that an earlier version baked. */
  recall(image: Recalled): Promise<Papers | undefined>;
}

export const NOTES = 'anny-papers/';
const FILES = {
  contents: 'contents.json',
  statement: 'provenance.intoto.json',
  signature: 'provenance.intoto.json.sig',
} as const;

export function archiveIn(cloud: Pick<Cloud, 'notes' | 'createNote'>, directory: string): Archive {
  const folder = ({ digest, operation }: Baking): string =>
    join(directory, '.anny', 'images', `${digest.slice(0, 12)}-${operation}`);
  // Only the account's are for everybody: a full disk here must not fail a bake.
  const write = (baking: Baking, papers: Papers): Promise<void> =>
    writeFiles(folder(baking), papers).catch(() => undefined);
  return {
    keep: async (baking, papers, sbom) => {
      const text = await packPapers(papers);
      if (text !== undefined) await cloud.createNote(noteName(baking), text);
      await write(baking, papers);
      await writeFile(join(folder(baking), 'sbom.cdx.json'), sbom).catch(() => undefined);
      return text !== undefined;
    },
    recall: async (baking) => {
      const here = await readFiles(folder(baking));
      if (here !== undefined) return here;
      const [note] = await cloud.notes(noteName(baking));
      if (note === undefined) return papersOfSnapshot(cloud, baking);
      const there = await unpackPapers(note.text);
      if (there !== undefined) await write(baking, there);
      return there;
    },
  };
}

/** A description that names another digest than was signed must not pass for one of an image without papers. */
async function papersOfSnapshot(
  cloud: Pick<Cloud, 'notes'>,
  { operation, snapshotId }: Recalled,
): Promise<Papers | undefined> {
  const notes = await cloud.notes(`${NOTES}${operation}/`);
  const all = await Promise.all(notes.map(({ text }) => unpackPapers(text)));
  return all.find((papers) => {
    const [subject] = (papers === undefined ? undefined : statementOf(papers))?.subject ?? [];
    return subject?.annotations.snapshot === snapshotId;
  });
}

export async function dropPapers(cloud: Pick<Cloud, 'notes' | 'deleteNote'>, baking: Baking): Promise<void> {
  for (const { id } of await cloud.notes(noteName(baking))) await cloud.deleteNote(id);
}

/** The papers first: an image without any is taken away again by whoever comes next. */
export async function dropImage(
  cloud: Pick<Cloud, 'notes' | 'deleteNote' | 'deleteSnapshot'>,
  image: Pick<Image, 'snapshotId' | 'digest' | 'operation'>,
): Promise<void> {
  await dropPapers(cloud, image);
  await cloud.deleteSnapshot(image.snapshotId);
}

function noteName({ operation, digest }: Baking): string {
  return `${NOTES}${operation}/${digest.slice(0, 12)}`;
}

async function writeFiles(folder: string, papers: Papers): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const part of ['contents', 'statement', 'signature'] as const) {
    await writeFile(join(folder, FILES[part]), papers[part]);
  }
}

async function readFiles(folder: string): Promise<Papers | undefined> {
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  try {
    const [contents, statement, signature] = await Promise.all([
      read(FILES.contents),
      read(FILES.statement),
      read(FILES.signature),
    ]);
    return { contents, statement, signature };
  } catch {
    // Half written or not at all: the account has them.
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
}
