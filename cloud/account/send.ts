import { type Agent, request } from 'undici';

/** A server that wants to be left alone for longer is asked again anyway; the attempts are few. */
const LONGEST_RETRY_AFTER_MS = 120_000;

export interface Sent {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly apiKey: string;
  readonly body: object | undefined;
  readonly timeoutMs: number;
}

/** What came back, or why nothing did. */
export interface Answer {
  /** 0 when no answer came. */
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
  /** By the server's clock, in whole seconds; undefined where it tells none. */
  readonly dateMs?: number | undefined;
  readonly problem?: unknown;
}

/** One try of one call. Never throws, and whatever it returns holds no key. */
export async function send(dispatcher: Agent, { method, url, apiKey, body, timeoutMs }: Sent): Promise<Answer> {
  try {
    const answer = await request(url, {
      method,
      dispatcher,
      // Content-Type on bodiless calls too: its absence has answered 400 (vultr/ansible-collection-vultr#186).
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      text: apiKey === '' ? text : text.replaceAll(apiKey, '…'),
      retryAfterMs: waitOf(answer.headers['retry-after']),
      dateMs: momentOf(answer.headers.date),
    };
  } catch (problem) {
    return { status: 0, text: '', retryAfterMs: undefined, problem };
  }
}

function waitOf(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string' || !/^\d+$/.test(header)) return undefined;
  return Math.min(LONGEST_RETRY_AFTER_MS, Number(header) * 1000);
}

function momentOf(header: string | string[] | undefined): number | undefined {
  const moment = typeof header === 'string' ? Date.parse(header) : Number.NaN;
  return Number.isNaN(moment) ? undefined : moment;
}

export function codeOf(problem: unknown): string {
  return problem instanceof Error && 'code' in problem ? String(problem.code) : '';
}

/** No connection was made, so the call never left. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A call whose effect cannot be told from what came back. */
export function isOutcomeUnknown({ status, problem }: Answer): boolean {
  return status >= 500 || (status === 0 && !NEVER_SENT.has(codeOf(problem)));
}
