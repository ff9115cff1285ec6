import { request } from 'undici';
import { z } from 'zod';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export const KEY = 'a-key-for-tests';

export interface Question {
  readonly method?: string;
  /** "" for none. */
  readonly key?: string;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON, for comparing. */
  readonly json: () => unknown;
}

export type Ask = (path: string, question?: Question) => Promise<Answer>;

/** Asks a service over HTTP, as anybody would. */
export function clientOf(url: string): Ask {
  return async (path, { method = 'GET', key = KEY, body, headers = {} } = {}) => {
    const answer = await request(`${url}${path}`, {
      method: z.enum(METHODS).parse(method),
      headers: {
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? (body ?? null) : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const named = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
    return { status: answer.statusCode, headers: new Headers(named), text, json: () => JSON.parse(text) };
  };
}

const pageSchema = z.object({
  entries: z.array(z.object({ id: z.string(), content: z.string(), tags: z.array(z.string()), createdAt: z.string() })),
  next: z.string().nullable(),
});

export function pageIn(answer: Answer) {
  return pageSchema.parse(answer.json());
}

/** Every entry's id, page by page. */
export async function allIds(ask: Ask): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ; ) {
    const { entries, next } = pageIn(await ask(`/memory?limit=500${cursor}`));
    ids.push(...entries.map(({ id }) => id));
    if (next === null) return ids;
    cursor = `&cursor=${next}`;
  }
}
