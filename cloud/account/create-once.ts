import type { Clock } from '../../operation/clock.ts';
import { AnnyError } from '../../operation/errors.ts';

const ATTEMPTS = 3;
/** Most lists know at once, some lag behind. */
const LOOK_UPS = 6;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3_000;

export interface CreateOnce<T> {
  readonly create: () => Promise<T>;
  /** Finds what an earlier attempt made, by a mark that nothing else carries. */
  readonly lookUp: () => Promise<T | undefined>;
}

/**
 * Creates, and never blindly twice: after an unknown outcome what it would have made is looked up for a while (a list may lag
 * behind), and only when it is not there the call is made again.
 */
export async function createOnce<T>(clock: Clock, { create, lookUp }: CreateOnce<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await create();
    } catch (error) {
      if (!(error instanceof AnnyError) || !mayBeMade(error)) throw error;
      const found = await lookForAWhile(clock, lookUp, error);
      if (found !== undefined) return found;
      // An answer that cannot be read said that it was made: never again.
      if (error.code === 'API_UNEXPECTED' || attempt >= ATTEMPTS) throw error;
    }
  }
}

function mayBeMade({ code }: AnnyError): boolean {
  return code === 'API_OUTCOME_UNKNOWN' || code === 'API_UNEXPECTED';
}

async function lookForAWhile<T>(
  clock: Clock,
  lookUp: () => Promise<T | undefined>,
  first: AnnyError,
): Promise<T | undefined> {
  for (let count = 0; count < LOOK_UPS; count += 1) {
    const found = await lookUp().catch((error: unknown) => {
      throw stillUnknown(first, error);
    });
    if (found !== undefined) return found;
    await clock.sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** count));
  }
  return undefined;
}

/** A look that failed does not make the outcome any clearer: the first error is what the operator must know. */
function stillUnknown({ doing, found, next }: AnnyError, error: unknown): AnnyError {
  const said = error instanceof Error ? error.message : String(error);
  return new AnnyError('API_OUTCOME_UNKNOWN', { doing, found: `${found}; then ${said}`, next, cause: error });
}
