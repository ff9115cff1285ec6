import { Agent } from 'undici';
import { z } from 'zod';
import type { Clock } from '../../operation/clock.ts';
import { AnnyError } from '../../operation/errors.ts';
import { openLimiter } from './limiter.ts';
import { refusal } from './refusal.ts';
import { type Answer, codeOf, isOutcomeUnknown, type Sent, send } from './send.ts';

/** Under the API's 30 a second from one address, so that another program beside this one fits. */
const CALLS_PER_SECOND = 20;
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const CALL_TIMEOUT_MS = 60_000;
/** The platform works on a machine for minutes, while it is installed or copied; a change of it must wait so long. */
const LOCKED_LIMIT_MS = 15 * 60_000;

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

export interface Call<T> {
  readonly method: Sent['method'];
  readonly path: string;
  readonly body?: object;
  readonly answer: z.ZodType<T>;
  /** "creating the machine" */
  readonly doing: string;
  /** A call that makes something: it is not repeated unless it is sure that it had no effect. */
  readonly creates?: boolean;
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
  const settle = async <T>(call: Call<T>): Promise<Answer> => {
    const begun = clock.now();
    let failures = 0;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await attemptOnce(call, attempt);
      const locked = isLocked(answer);
      if (!locked) failures += 1;
      const again = locked ? clock.now() - begun < LOCKED_LIMIT_MS : mayRepeat(call, answer) && failures < ATTEMPTS;
      if (!again) return answer;
      await clock.sleep(pause(clock, attempt, answer.retryAfterMs));
    }
  };
  return {
    call: async (call) => read(apiUrl, call, await settle(call)),
    find: async (call) => {
      const answer = await settle(call);
      return answer.status === 404 ? undefined : read(apiUrl, call, answer);
    },
  };
}

/** As long as the server asks for, else exponential; with jitter, so that those who failed together do not come back together. */
function pause(clock: Clock, attempt: number, retryAfterMs: number | undefined): number {
  const chance = Number.parseInt(clock.randomHex(2), 16) / 0xffff;
  if (retryAfterMs !== undefined) return retryAfterMs + FIRST_PAUSE_MS * chance;
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  return full / 2 + (full / 2) * chance;
}

/** A 500 that, unlike others, says that nothing happened (vultr/ansible-collection-vultr#113). */
function isLocked({ status, text }: Answer): boolean {
  return status >= 500 && /locked/i.test(text);
}

function mayRepeat<T>(call: Call<T>, answer: Answer): boolean {
  if (answer.status === 429) return true;
  if (call.creates && isOutcomeUnknown(answer)) return false;
  return answer.status === 0 || answer.status >= 500;
}

function read<T>(apiUrl: string, call: Call<T>, answer: Answer): T {
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
