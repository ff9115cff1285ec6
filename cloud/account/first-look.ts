import { Agent } from 'undici';
import type { Clock } from '../../operation/clock.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { AccountHolder } from '../cloud.ts';
import { accountAnswer } from './answers.ts';
import { type ApiOptions, readAnswer } from './call.ts';
import { type Answer, send } from './send.ts';

/** What one call tells of an account, or why it tells nothing: whether the key opens it from here, and what time it is there. */
export interface FirstLook {
  readonly holder: AccountHolder | undefined;
  readonly problem: AnnyError | undefined;
  /** How far the API's clock is ahead of this computer's; undefined where no answer came. */
  readonly aheadMs: number | undefined;
}

const CALL = { method: 'GET', path: '/account', answer: accountAnswer, doing: 'reading the account' } as const;
const TIMEOUT_MS = 10_000;
const TRIES = 3;
const LONGEST_PAUSE_MS = 2_000;

/** Who looks wants to know what is wrong now: only a busy API is asked again, a few times. */
export async function firstLook({ apiUrl, apiKey, clock, timeoutMs = TIMEOUT_MS }: ApiOptions): Promise<FirstLook> {
  const dispatcher = new Agent({ connections: 1 });
  const sent = { method: CALL.method, url: `${apiUrl}${CALL.path}`, apiKey, body: undefined, timeoutMs };
  const { answer, middle } = await askBusy(clock, () => send(dispatcher, sent)).finally(() => dispatcher.close());
  const aheadMs = answer.dateMs === undefined ? undefined : answer.dateMs - middle;
  try {
    return { holder: readAnswer(apiUrl, CALL, answer).account, problem: undefined, aheadMs };
  } catch (error) {
    if (!(error instanceof AnnyError)) throw error;
    return { holder: undefined, problem: error, aheadMs };
  }
}

/** The answer, and when it was given by this computer's clock. */
async function askBusy(clock: Clock, ask: () => Promise<Answer>): Promise<{ answer: Answer; middle: number }> {
  for (let tries = 1; ; tries += 1) {
    const begun = clock.now();
    const answer = await ask();
    const middle = (begun + clock.now()) / 2;
    if (answer.status !== 429 || tries >= TRIES) return { answer, middle };
    await clock.sleep(Math.min(LONGEST_PAUSE_MS, answer.retryAfterMs ?? LONGEST_PAUSE_MS));
  }
}
