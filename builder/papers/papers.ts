import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import type { Input } from '../digest.ts';
import { type Contents, readContentsText } from './contents.ts';
import { readStatement, type Statement } from './statement.ts';

/** What is written down of an image when it is baked. The texts are kept as they are: digests and the signature are over them. */
export interface Papers {
  readonly contents: string;
  readonly statement: string;
  /** Over the statement, as `ssh-keygen -Y sign` makes it. */
  readonly signature: string;
}

const schema = z.object({ contents: z.string(), statement: z.string(), signature: z.string() });
const PREFIX = 'anny papers 1 ';
/** A text of the account should stay small; nothing is known of a limit below this. */
const LONGEST_CHARS = 64_000;

export function contentsOf(papers: Papers): Contents | undefined {
  return readContentsText(papers.contents);
}

export function statementOf(papers: Papers): Statement | undefined {
  return readStatement(papers.statement);
}

/** For whom it was baked, whoever signed that: reason enough to keep an image, none to bring it up. */
export function environmentOf(papers: Papers | undefined): string | undefined {
  const statement = papers === undefined ? undefined : statementOf(papers);
  return statement?.predicate.buildDefinition.externalParameters.environment;
}

export function inputsOf(papers: Papers | undefined): readonly Input[] | undefined {
  const statement = papers === undefined ? undefined : statementOf(papers);
  return statement?.predicate.buildDefinition.resolvedDependencies.map(({ name, digest }) => ({
    name,
    sha256: digest.sha256,
  }));
}

/** One text for the account; undefined when it would be too long for one. */
export async function packPapers(papers: Papers): Promise<string | undefined> {
  const packed = await promisify(gzip)(JSON.stringify(papers), { level: 9 });
  const text = `${PREFIX}${packed.toString('base64')}`;
  return text.length > LONGEST_CHARS ? undefined : text;
}

export async function unpackPapers(text: string): Promise<Papers | undefined> {
  if (!text.startsWith(PREFIX)) return undefined;
  try {
    const plain = await promisify(gunzip)(Buffer.from(text.slice(PREFIX.length), 'base64'));
    return schema.safeParse(JSON.parse(plain.toString())).data;
  } catch {
    return undefined;
  }
}
