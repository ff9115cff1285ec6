import { request } from 'undici';
import { z } from 'zod';

export interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whatever came, read as JSON; undefined for an empty body. */
  readonly json: unknown;
  /** The text at a path such as "instance.id", or an error that shows what came. */
  text(path: string): string;
  /** The value at a path such as "instances.0.tags". */
  at(path: string): unknown;
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
export type Ask = (method: Method, path: string, body?: object) => Promise<Asked>;

/** Calls an API as any client would. */
export function asker(origin: string, apiKey: string | undefined): Ask {
  return async (method, path, body) => {
    const {
      statusCode,
      headers,
      body: answer,
    } = await request(`${origin}${path}`, {
      method,
      headers: {
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json: unknown = text === '' ? undefined : JSON.parse(text);
    const at = (path: string): unknown => path.split('.').reduce(member, json);
    return {
      status: statusCode,
      headers,
      json,
      at,
      text: (path) => {
        const value = at(path);
        if (typeof value !== 'string') throw new Error(`${method} ${path}: no text at ${path} in ${text}`);
        return value;
      },
    };
  };
}

const membersOf = z.record(z.string(), z.unknown());

function member(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value[Number(key)];
  return membersOf.safeParse(value).data?.[key];
}
