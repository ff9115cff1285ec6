import { Agent, request } from 'undici';
import { lookupOf, type Outside, resolverAt, trustOf } from './outside.ts';

const ANSWER_TIMEOUT_MS = 60_000;
const PAGE = 500;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Somebody out there who uses Anny through its public name and HTTPS; connections are kept, as browsers keep them. */
export interface Visitor {
  get(path: string): Promise<Answer>;
  post(path: string, body: object | string): Promise<Answer>;
  /** Resolves when it is acknowledged; rejects for any other answer. */
  write(id: string, content: string): Promise<void>;
  /** Ids of everything that Anny remembers. */
  ids(): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

export async function openVisitor(options: Outside): Promise<Visitor> {
  const dispatcher = new Agent({
    // Resolved for each new connection.
    connect: { secureContext: await trustOf(options), lookup: lookupOf(resolverAt(options)) },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  const call = async (method: 'GET' | 'POST', path: string, body?: object | string): Promise<Answer> => {
    const answer = await request(`https://${options.name}${path}`, {
      method,
      dispatcher,
      headers: { authorization: `Bearer ${options.apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  const get = (path: string): Promise<Answer> => call('GET', path);
  return {
    get,
    post: (path, body) => call('POST', path, body),
    write: async (id, content) => {
      const { status, text } = await call('POST', '/memory', { id, content });
      if (status !== 201 && status !== 200) throw new Error(`HTTP ${status} ${text.slice(0, 100)}`);
    },
    ids: () => allIds(get),
    close: () => dispatcher.destroy(),
  };
}

async function allIds(get: (path: string) => Promise<Answer>): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let cursor = '';
  do {
    const { status, text } = await get(`/memory?limit=${PAGE}${cursor}`);
    if (status !== 200) throw new Error(`reading the memory: HTTP ${status} ${text.slice(0, 100)}`);
    const page = JSON.parse(text) as { entries: { id: string }[]; next: string | null };
    for (const { id } of page.entries) ids.add(id);
    cursor = page.next === null ? '' : `&cursor=${page.next}`;
  } while (cursor !== '');
  return ids;
}
