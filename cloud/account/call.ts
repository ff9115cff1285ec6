import { Agent, request } from 'undici';
import { z } from 'zod';
import type { Clock } from '../../operation/clock.ts';
import { AnnyError } from '../../operation/errors.ts';
import { openLimiter } from './limiter.ts';
import { refusal } from './refusal.ts';

/** Under the API's 30 a second from one address, so that another program beside this one fits. */
const CALLS_PER_SECOND = 20;
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const CALL_TIMEOUT_MS = 60_000;

export interface CallRecord {
  readonly method: string;
  readonly path: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly tookMs: number;
  readonly attempt: number;
}

export interface ApiOptions {
  /** "https://api.vultr.com/v2" */
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly clock: Clock;
  /** Told of each call as it ends; never holds a key or a body. */
  readonly onCall?: (call: CallRecord) => void;
}

export interface Call<T> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly answer: z.ZodType<T>;
  /** "creating the machine" */
  readonly doing: string;
  /** A call that makes something: it is not repeated unless it is sure that it had no effect. */
  readonly creates?: boolean;
}

export interface Api {
  /** API_* errors; API_OUTCOME_UNKNOWN when a call that creates may have had its effect. */
  call<T>(call: Call<T>): Promise<T>;
  /** As `call`, but 404 is undefined. */
  find<T>(call: Call<T>): Promise<T | undefined>;
}

interface Answer {
  /** 0 when no answer came. */
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
  readonly problem?: unknown;
}

export function openApi(options: ApiOptions): Api {
  const wait = openLimiter(options.clock, CALLS_PER_SECOND);
  const dispatcher = new Agent({ keepAliveTimeout: 4_000, connections: 8 });
  const send = async <T>(call: Call<T>, attempt: number): Promise<Answer> => {
    await wait();
    const begun = options.clock.now();
    const answer = await sendOnce(options, dispatcher, call);
    const { method, path } = call;
    options.onCall?.({ method, path, status: answer.status, tookMs: options.clock.now() - begun, attempt });
    return answer;
  };
  const settle = async <T>(call: Call<T>): Promise<Answer> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await send(call, attempt);
      if (!mayRepeat(call, answer) || attempt >= ATTEMPTS) return answer;
      await options.clock.sleep(answer.retryAfterMs ?? pause(options.clock, attempt));
    }
  };
  return {
    call: async (call) => read(options, call, await settle(call)),
    find: async (call) => {
      const answer = await settle(call);
      return answer.status === 404 ? undefined : read(options, call, answer);
    },
  };
}

/** Exponential, with jitter: many clients that failed together must not come back together. */
function pause(clock: Clock, attempt: number): number {
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  return full / 2 + (full / 2) * (Number.parseInt(clock.randomHex(2), 16) / 0xffff);
}

async function sendOnce<T>(options: ApiOptions, dispatcher: Agent, call: Call<T>): Promise<Answer> {
  try {
    const { statusCode, headers, body } = await request(`${options.apiUrl}${call.path}`, {
      method: call.method,
      dispatcher,
      // Content-Type on bodiless calls too: its absence has answered 400 (vultr/ansible-collection-vultr#186).
      headers: { authorization: `Bearer ${options.apiKey}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    const retryAfter = Number(headers['retry-after']);
    return {
      status: statusCode,
      text: await body.text(),
      retryAfterMs: Number.isFinite(retryAfter) ? Math.min(LONGEST_PAUSE_MS, retryAfter * 1000) : undefined,
    };
  } catch (problem) {
    return { status: 0, text: '', retryAfterMs: undefined, problem };
  }
}

const LOCKED = /locked/i;

function mayRepeat<T>(call: Call<T>, { status, text, problem }: Answer): boolean {
  if (status === 429) return true;
  if (status >= 500 && LOCKED.test(text)) return true;
  // A connection that was refused never carried the call.
  if (call.creates) return status === 0 && codeOf(problem) === 'ECONNREFUSED';
  return status === 0 || status >= 500;
}

function codeOf(problem: unknown): string {
  return problem instanceof Error && 'code' in problem ? String(problem.code) : '';
}

function read<T>(options: ApiOptions, call: Call<T>, answer: Answer): T {
  if (answer.status >= 200 && answer.status < 300) return parse(call, answer.text);
  if (call.creates && codeOf(answer.problem) !== 'ECONNREFUSED' && (answer.status === 0 || answer.status >= 500)) {
    throw new AnnyError('API_OUTCOME_UNKNOWN', {
      doing: call.doing,
      found:
        answer.status === 0
          ? `no answer (${reason(answer.problem)})`
          : `HTTP ${answer.status}: ${answer.text.slice(0, 200)}`,
      next: 'run the same command again: it looks first whether it was made',
      cause: answer.problem,
    });
  }
  if (answer.status === 0) {
    throw new AnnyError('API_UNREACHABLE', {
      doing: call.doing,
      found: `${options.apiUrl} does not answer (${reason(answer.problem)})`,
      next: /\/\/(127\.|localhost)/.test(options.apiUrl)
        ? 'start the local cloud: anny-cloud up'
        : 'check the network; nothing was changed',
      cause: answer.problem,
    });
  }
  throw refusal(call, answer.status, answer.text);
}

function reason(problem: unknown): string {
  if (!(problem instanceof Error)) return String(problem);
  return codeOf(problem) || problem.message || problem.name;
}

function parse<T>(call: Call<T>, text: string): T {
  const json: unknown = text === '' ? {} : asJson(text);
  const parsed = call.answer.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AnnyError('API_UNEXPECTED', {
    doing: call.doing,
    found: `${call.method} ${call.path} answered something else than the API's description says: ${z.prettifyError(parsed.error)}`,
    next: 'this may be a change of the API: look for a newer version of this program',
  });
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
