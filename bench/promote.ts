import type { Stage } from '../demo/stage.ts';
import type { Visitor } from '../demo/visitor.ts';
import { lost, startWriting } from '../demo/writing.ts';
import type { Family, Figure } from './figure.ts';
import { onGround } from './ground.ts';

const ROUNDS = 3;
const WRITERS = 10;

interface Seen {
  writes: number;
  failed: number;
  lost: number;
  longestMs: number;
}

/** Promotes and rollbacks while clients go on writing through the name over connections that they keep. */
export const promote: Family = {
  name: 'promote',
  run: (tell) =>
    onGround(async (stage) => {
      await stage.image('build');
      await stage.bluegreen('promote', '--yes');
      const visitor = await stage.visitor();
      const there = nothingSeen();
      const back = nothingSeen();
      for (let round = 0; round < ROUNDS; round += 1) {
        await measure(visitor, there, `there-${round}`, () => stage.bluegreen('promote', '--again', '--yes'));
        await measure(visitor, back, `back-${round}`, () => stage.bluegreen('rollback', '--yes'));
        await retireStandbys(stage);
      }
      await visitor.close();
      for (const figure of [...figures('promote', there), ...figures('rollback', back)]) tell(figure);
    }),
};

function nothingSeen(): Seen {
  return { writes: 0, failed: 0, lost: 0, longestMs: 0 };
}

async function measure(visitor: Visitor, seen: Seen, label: string, move: () => Promise<unknown>): Promise<void> {
  const writing = startWriting(visitor, label, WRITERS);
  await move().finally(() => writing.stop());
  const written = await writing.stop();
  seen.writes += written.acknowledged.length;
  seen.failed += written.failures.length;
  seen.lost += lost(written, await visitor.ids()).length;
  seen.longestMs = Math.max(seen.longestMs, written.longestMs);
}

/** The machine that was rolled back from is not needed for the next round. */
async function retireStandbys({ account }: Stage): Promise<void> {
  const standbys = (await account.instances()).filter(({ tags }) => tags.includes('stage=standby'));
  await Promise.all(standbys.map(({ id }) => account.destroyInstance(id)));
}

function figures(name: string, seen: Seen): Figure[] {
  return [
    { name: `${name}.writes`, value: seen.writes, unit: 'writes' },
    { name: `${name}.failed_requests`, value: seen.failed, unit: 'requests', limit: 0 },
    { name: `${name}.lost_writes`, value: seen.lost, unit: 'writes', limit: 0 },
    { name: `${name}.longest_answer_ms`, value: Math.round(seen.longestMs), unit: 'ms', limit: 1500 },
  ];
}
