import { AnnyError } from '../operation/errors.ts';
import type { Answering, Silent } from './release.ts';
import { USE_ITS_KEY } from './shut-out.ts';

export function nothingLive(silent: readonly Silent[], standbys: readonly Answering[]): AnnyError {
  const dead = silent.map(({ tags, address, problem }) => `${tags.release} at ${address}: ${problem}`);
  return new AnnyError('NOTHING_LIVE', {
    doing: 'looking for the live release',
    found: dead.join('; ') || 'there is none',
    next: silent.some(({ keyRefused }) => keyRefused)
      ? USE_ITS_KEY
      : [
          ...(dead.length > 0 ? ['start the machine again in the account'] : []),
          ...(standbys.length > 0 ? ['anny-bluegreen rollback --lose-writes'] : []),
          dead.length > 0 || standbys.length > 0 ? 'anny-bluegreen restore' : 'anny-bluegreen promote',
        ].join(', or: '),
  });
}

/** Commands finish a committed handover before they plan; a plan that meets one was made too early. */
export function unfinished(successor: Answering): AnnyError {
  return new AnnyError('UNFINISHED', {
    doing: 'planning',
    found: `${successor.tags.release} has the data and the traffic, but has not been made the writer yet`,
    next: 'anny-bluegreen settle finishes it',
  });
}
