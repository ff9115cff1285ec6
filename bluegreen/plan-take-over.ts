import { age } from './age.ts';
import type { Backup } from './backups.ts';
import { wouldLoseWrites } from './fence.ts';
import { agoThere, givenUp, standbyLacks } from './given-up.ts';
import type { Plan } from './plan.ts';
import type { RestoreWish } from './plan-restore.ts';
import type { Answering } from './release.ts';
import { cannotBeAsked, type Situation } from './situation.ts';

/** A take-over is dated by its end; its data is from the pull before it, within a hold, and no hold is longer. */
const HOLD_LIMIT_SECONDS = 100;

/** A machine that has all data of one that cannot be asked, and newer data than anything else. */
export function heirOf(
  { strays, standbys, silent }: Extract<Situation, { kind: 'dark' }>,
  backup: Backup | undefined,
  nowSeconds: number,
): Answering | undefined {
  const backupAge = backup === undefined ? Number.POSITIVE_INFINITY : nowSeconds - backup.at;
  const youngest = Math.min(backupAge, ...standbys.map((one) => standbyLacks(one, nowSeconds)));
  return strays
    .filter((one) => 'box' in one)
    .filter(({ tags }) => tags.stage !== 'discarded')
    .filter(({ status: { takeover } }) => takeover.from !== '')
    .filter((one) => agoThere(one, one.status.takeover.at, nowSeconds) <= youngest)
    .filter(({ status: { takeover } }) => standbys.every(({ address }) => address !== takeover.from))
    .find(({ status: { takeover } }) => silent.length === 0 || silent.some(({ address }) => address === takeover.from));
}

/** Nothing is lost if the old machine had committed; that it had, nobody can say while it is silent. */
export function planTakeOver(to: Answering, situation: Extract<Situation, { kind: 'dark' }>, wish: RestoreWish): Plan {
  const { standbys } = situation;
  const { from, at } = to.status.takeover;
  const lostSeconds = agoThere(to, at, wish.nowSeconds) + HOLD_LIMIT_SECONDS;
  const lost = givenUp(lostSeconds, wish);
  if (wish.loseWrites) return { action: 'take-over', to, fence: cannotBeAsked(situation), standbys, ...lost };
  throw wouldLoseWrites(
    `making ${to.tags.release} the writer`,
    `it had taken everything over from ${from} ${age(lostSeconds)} ago; if ${from} did not hand over then, it alone has what was written since, and it cannot be asked`,
    `bring ${from} back if you can: then nothing is lost; else restore --lose-writes`,
  );
}
