import { Agent } from 'undici';
import { z } from 'zod';
import type { Clock } from '../../operation/clock.ts';
import { AnnyError } from '../../operation/errors.ts';
import { openLimiter } from './limiter.ts';
import { refusal } from './refusal.ts';
import { type Answer, codeOf, isOutcomeUnknown, type Sent, send } from './send.ts';
import { isLocked, type Repeatable, settle } from './settle.ts';

/** Under the API's 30 a second from one address, so that another program beside this one fits. */
const CALLS_PER_SECOND = 20;
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
  /** How long an answer may take, a minute if nothing is said; in real time, whatever the clock is. */
  readonly timeoutMs?: number;
  /** Told of each call as it ends; never holds a key or a body. */
  readonly onCall?: (call: CallRecord) => void;
}

export interface Call<T> extends Repeatable {
  readonly method: Sent['method'];
  readonly path: string;
  readonly body?: object;
  readonly answer: z.ZodType<T>;
  /** "creating the machine" */
  readonly doing: string;
  /** A refusal in these words means that it is so already, by an earlier try whose answer was lost. */
  readonly already?: RegExp;
}

export interface Api {
  /** API_* errors; API_OUTCOME_UNKNOWN when a call that creates may have had its effect. */
  call<T>(call: Call<T>): Promise<T>;
  /** As `call`, but 404 is undefined. */
  find<T>(call: Call<T>): Promise<T | undefined>;
}

export function openApi(options: ApiOptions): Api {
  const { apiUrl, apiKey, clock, timeoutMs = CALL_TIMEOUT_MS } = options;
  const wait = openLimiter(clock, CALLS_PER_SECOND);
  const dispatcher = new Agent({ keepAliveTimeout: 4_000, connections: 8 });
  const attemptOnce = async <T>({ method, path, body }: Call<T>, attempt: number): Promise<Answer> => {
    await wait();
    const begun = clock.now();
    const answer = await send(dispatcher, { method, url: `${apiUrl}${path}`, apiKey, body, timeoutMs });
    options.onCall?.({ method, path, status: answer.status, tookMs: clock.now() - begun, attempt });
    return answer;
  };
  const settled = <T>(call: Call<T>): Promise<Answer> => settle(clock, call, (attempt) => attemptOnce(call, attempt));
  return {
    call: async (call) => readAnswer(apiUrl, call, await settled(call)),
    find: async (call) => {
      const answer = await settled(call);
      return answer.status === 404 ? undefined : readAnswer(apiUrl, call, answer);
    },
  };
}

/** What an answer says, or the error that it is. */
export function readAnswer<T>(apiUrl: string, call: Call<T>, answer: Answer): T {
  const { status, text, problem } = answer;
  if (status >= 200 && status < 300) return parse(call, text);
  if (status === 400 && call.already?.test(text)) return parse(call, '');
  if (call.creates && isOutcomeUnknown(answer) && !isLocked(answer)) {
    throw new AnnyError('API_OUTCOME_UNKNOWN', {
      doing: call.doing,
      found: status === 0 ? `no answer (${reason(problem)})` : `HTTP ${status}: ${text.slice(0, 200)}`,
      next: 'run the same command again: it looks first whether it was made',
      cause: problem,
    });
  }
  if (status === 0) {
    throw new AnnyError('API_UNREACHABLE', {
      doing: call.doing,
      found: `${apiUrl} does not answer (${reason(problem)})`,
      next: /\/\/(127\.|localhost)/.test(apiUrl)
        ? 'start the local cloud: anny-cloud up'
        : 'check the network, then run the same command again',
      cause: problem,
    });
  }
  throw refusal(call, status, text);
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
