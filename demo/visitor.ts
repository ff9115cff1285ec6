import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { Agent, request } from 'undici';

const ANSWER_TIMEOUT_MS = 60_000;
const PAGE = 500;

export interface VisitorOptions {
  /** Public name, resolved at `nameServer` for each new connection. */
  readonly name: string;
  readonly nameServer: string;
  /** File with the issuer's certificates. */
  readonly trust: string;
  readonly apiKey: string;
}

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

export async function openVisitor(options: VisitorOptions): Promise<Visitor> {
  const resolver = new Resolver({ timeout: 2_000, tries: 3 });
  resolver.setServers([options.nameServer]);
  const dispatcher = new Agent({
    connect: {
      ca: [...getCACertificates('default'), await readFile(options.trust, 'utf8')],
      lookup: (host, asked, callback) => {
        resolver.resolve4(host).then(
          ([address = '']) => {
            if (asked.all) callback(null, [{ address, family: 4 }]);
            else callback(null, address, 4);
          },
          (error: NodeJS.ErrnoException) => callback(error, '', 4),
        );
      },
    },
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
