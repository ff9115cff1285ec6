import { AnnyError } from '../operation/errors.ts';
import { age } from './age.ts';
import { wouldLoseWrites } from './fence.ts';
import { fencedLacks, givenUp, standbyLacks } from './given-up.ts';
import { describeLostWrites, writesSince } from './lost-writes.ts';
import { nothingLive, unfinished } from './no-plan.ts';
import type { Plan } from './plan.ts';
import type { Answering, Silent } from './release.ts';
import { cannotBeAsked, latestGeneration, refuseTwoWriters, type Situation } from './situation.ts';

export interface RollbackWish {
  /** Release name; undefined picks the newest standby. */
  readonly to: string | undefined;
  readonly loseWrites: boolean;
  readonly nowSeconds: number;
}

export function planRollback(situation: Situation, wish: RollbackWish): Plan {
  if (situation.kind === 'two-writers') throw refuseTwoWriters(situation.writers);
  if (situation.kind === 'committed') throw unfinished(situation.successor);
  if (situation.kind === 'empty') throw nothingLive([], []);
  // One that somebody was about to destroy is no way back beside a living writer; without one it may be all there is.
  const isWay = ({ tags, status }: Answering): boolean =>
    status.role === 'relay' && (situation.kind === 'dark' || tags.stage !== 'discarded');
  const to = situation.standbys.find((one) => isWay(one) && (wish.to === undefined || one.tags.release === wish.to));
  if (to === undefined) return planTakeBack(situation, wish);
  const standbys = situation.standbys.filter((one) => one !== to);
  if (situation.kind === 'live') return { action: 'rollback', from: situation.writer, to, standbys };
  const lostSeconds = standbyLacks(to, wish.nowSeconds);
  if (!wish.loseWrites) throw refuseToLose(to, situation.silent, lostSeconds);
  const after = latestGeneration(situation);
  const lostWrites = writesSince(to);
  const fence = cannotBeAsked(situation);
  return { action: 'fall-back', after, to, fence, standbys, lostWrites, ...givenUp(lostSeconds, wish) };
}

function planTakeBack(situation: Extract<Situation, { kind: 'live' | 'dark' }>, wish: RollbackWish): Plan {
  const { standbys, silent } = situation;
  const fenced = [
    ...standbys.filter(({ status }) => status.role !== 'relay'),
    ...silent.filter(({ tags }) => tags.stage === 'fenced'),
  ];
  const to = wish.to === undefined ? undefined : fenced.find(({ tags }) => tags.release === wish.to);
  if (to === undefined) throw noStandby(wish.to, standbys);
  const lostSeconds = fencedLacks(to, wish.nowSeconds);
  if (!wish.loseWrites) {
    throw wouldLoseWrites(
      `taking ${to.tags.release} back`,
      `it was fenced; what other machines have and it has not would be lost, that is of at most the last ${age(lostSeconds)}`,
      `to give those writes up: rollback --to ${to.tags.release} --lose-writes`,
    );
  }
  const others = cannotBeAsked(situation).filter((one) => one !== to);
  const fence = [...(situation.kind === 'live' ? [situation.writer] : []), ...others];
  const after = latestGeneration(situation);
  const besides = standbys.filter((one) => one !== to);
  return { action: 'take-back', after, to, fence, standbys: besides, ...givenUp(lostSeconds, wish) };
}

function refuseToLose(to: Answering, silent: readonly Silent[], seconds: number): AnnyError {
  return wouldLoseWrites(
    `rolling back to ${to.tags.release}`,
    `${silent.map(({ tags, problem }) => `${tags.release} (${problem})`).join(', ') || 'the newer machine'} cannot hand its data over; ${to.tags.release} has everything up to ${age(seconds)} ago. Lost would be ${describeLostWrites(writesSince(to))}`,
    `bring the newer machine back if you can; to give up the writes of the last ${age(seconds)}: rollback --lose-writes`,
  );
}

function noStandby(wanted: string | undefined, standbys: readonly Answering[]): AnnyError {
  return new AnnyError('NOTHING_LIVE', {
    doing: 'looking for the release to roll back to',
    found:
      wanted === undefined
        ? 'there is no standby'
        : `${wanted} is not among the standbys: ${standbys.map(({ tags }) => tags.release).join(', ') || 'there are none'}`,
    next: 'promote an older image instead: anny-image list, then promote --image DIGEST; it takes the data along as well',
  });
}
