import type { Clock } from '../../operation/clock.ts';
import { type Answer, isOutcomeUnknown } from './send.ts';

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** The platform works on a machine for minutes, while it is installed or copied; a change of it must wait so long. */
const LOCKED_LIMIT_MS = 15 * 60_000;

export interface Repeatable {
  /** A call that makes something: it is not repeated unless it is sure that it had no effect. */
  readonly creates?: boolean;
}

/** Tries a call until its answer is one to go by: what fails for a while is tried again, and nothing is made twice. */
export async function settle(
  clock: Clock,
  call: Repeatable,
  attemptOnce: (attempt: number) => Promise<Answer>,
): Promise<Answer> {
  const begun = clock.now();
  let failures = 0;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await attemptOnce(attempt);
    const locked = isLocked(answer);
    if (!locked) failures += 1;
    const again = locked ? clock.now() - begun < LOCKED_LIMIT_MS : mayRepeat(call, answer) && failures < ATTEMPTS;
    if (!again) return answer;
    await clock.sleep(pause(clock, attempt, answer.retryAfterMs));
  }
}

/** As long as the server asks for, else exponential; with jitter, so that those who failed together do not come back together. */
function pause(clock: Clock, attempt: number, retryAfterMs: number | undefined): number {
  const chance = Number.parseInt(clock.randomHex(2), 16) / 0xffff;
  if (retryAfterMs !== undefined) return retryAfterMs + FIRST_PAUSE_MS * chance;
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  return full / 2 + (full / 2) * chance;
}

/** A 500 that, unlike others, says that nothing happened (vultr/ansible-collection-vultr#113). */
export function isLocked({ status, text }: Answer): boolean {
  return status >= 500 && /locked/i.test(text);
}

function mayRepeat(call: Repeatable, answer: Answer): boolean {
  if (answer.status === 429) return true;
  if (call.creates && isOutcomeUnknown(answer)) return false;
  return answer.status === 0 || answer.status >= 500;
}
