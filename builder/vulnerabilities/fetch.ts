import { createGunzip } from 'node:zlib';
import { Agent, interceptors, request } from 'undici';

const MOST_REDIRECTS = 3;

export interface Question {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
  /** Of the copy that is here: what has not changed is not sent again. */
  readonly etag?: string | undefined;
  readonly signal: AbortSignal;
  /** Of the answer as it is read, unpacked. */
  readonly maxBytes: number;
}

export type Answer =
  | { readonly kind: 'changed'; readonly document: unknown; readonly etag: string | undefined }
  | { readonly kind: 'unchanged' };

/** Why a tracker gave no answer that can be used, in words. */
export class NoAnswer extends Error {}

/** One JSON document, in bounded time and size. @throws {NoAnswer} */
export async function ask(question: Question): Promise<Answer> {
  const { url, etag, signal } = question;
  const agent = new Agent().compose(interceptors.redirect({ maxRedirections: MOST_REDIRECTS }));
  try {
    const response = await request(url, {
      ...{ method: question.method ?? 'GET', signal, dispatcher: agent },
      headers: {
        ...{ accept: 'application/json', 'accept-encoding': 'gzip', 'user-agent': 'anny-image' },
        ...(question.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
      },
      ...(question.body === undefined ? {} : { body: question.body }),
    });
    if (response.statusCode !== 200) await response.body.dump();
    if (response.statusCode === 304 && etag !== undefined) return { kind: 'unchanged' };
    if (response.statusCode !== 200) throw new NoAnswer(`${url} answers ${response.statusCode}`);
    const packed = response.headers['content-encoding'] === 'gzip';
    const body = packed ? response.body.pipe(createGunzip()) : response.body;
    response.body.once('error', (error) => body.destroy(error));
    const text = await textOf(body, question);
    const given = response.headers.etag;
    return { kind: 'changed', document: parse(text, url), etag: Array.isArray(given) ? given[0] : given };
  } catch (error) {
    throw error instanceof NoAnswer ? error : new NoAnswer(reasonOf(error, question));
  } finally {
    await agent.close();
  }
}

async function textOf(body: AsyncIterable<Buffer>, { url, maxBytes }: Question): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new NoAnswer(`${url} answers with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NoAnswer(`${url} answers with what is no JSON`);
  }
}

function reasonOf(error: unknown, { url, signal }: Question): string {
  if (signal.aborted) return `${url} took too long`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const said = error instanceof Error ? error.message : String(error);
  return `${url} is not reachable (${/^E[A-Z]+$/.test(code) ? code : said})`;
}
