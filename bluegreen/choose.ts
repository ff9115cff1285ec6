import { AnnyError } from '../operation/errors.ts';
import type { World } from './observe.ts';
import type { Answering } from './release.ts';
import { judge } from './situation.ts';

/** The named release, or the live one. */
export function choose(world: World, release: string | undefined): Answering {
  const situation = judge(world);
  const live = situation.kind === 'live' ? situation.writer : undefined;
  const chosen = release === undefined ? live : world.answering.find(({ tags }) => tags.release === release);
  if (chosen !== undefined) return chosen;
  const silent = world.silent.map(({ tags, problem }) => `${tags.release} does not answer (${problem})`);
  throw new AnnyError('NOTHING_LIVE', {
    doing: release === undefined ? 'looking for the live release' : `looking for ${release}`,
    found:
      [...world.answering.map(({ tags, status: { role } }) => `${tags.release} is ${role}`), ...silent].join('; ') ||
      'there is none',
    next: 'anny-bluegreen status says what to do',
  });
}
