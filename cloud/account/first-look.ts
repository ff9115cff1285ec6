import { Agent } from 'undici';
import { AnnyError } from '../../operation/errors.ts';
import type { AccountHolder } from '../cloud.ts';
import { accountAnswer } from './answers.ts';
import { type ApiOptions, readAnswer } from './call.ts';
import { send } from './send.ts';

/** What one call tells of an account, or why it tells nothing: whether the key opens it from here, and what time it is there. */
export interface FirstLook {
  readonly holder: AccountHolder | undefined;
  readonly problem: AnnyError | undefined;
  /** How far the API's clock is ahead of this computer's; undefined where no answer came. */
  readonly aheadMs: number | undefined;
}

const CALL = { method: 'GET', path: '/account', answer: accountAnswer, doing: 'reading the account' } as const;
const TIMEOUT_MS = 10_000;

/** A single try: who looks wants to know what is wrong now. */
export async function firstLook({ apiUrl, apiKey, clock, timeoutMs = TIMEOUT_MS }: ApiOptions): Promise<FirstLook> {
  const dispatcher = new Agent({ connections: 1 });
  const begun = clock.now();
  const sent = { method: CALL.method, url: `${apiUrl}${CALL.path}`, apiKey, body: undefined, timeoutMs };
  const answer = await send(dispatcher, sent).finally(() => dispatcher.close());
  const middle = (begun + clock.now()) / 2;
  const aheadMs = answer.dateMs === undefined ? undefined : answer.dateMs - middle;
  try {
    return { holder: readAnswer(apiUrl, CALL, answer).account, problem: undefined, aheadMs };
  } catch (error) {
    if (!(error instanceof AnnyError)) throw error;
    return { holder: undefined, problem: error, aheadMs };
  }
}
