import { NAME } from '../demo/project.ts';
import type { Stage } from '../demo/stage.ts';
import type { Family, Figure } from './figure.ts';
import { onGround } from './ground.ts';
import { lastAnswerOf, liveRelease } from './last-answer.ts';
import { underLoad } from './load/load.ts';
import { nothingSeen, type Seen, see } from './seen.ts';

const ROUNDS = 5;

/** Promotes and rollbacks while the world goes on through the public name. */
export const promote: Family = {
  name: 'promote',
  run: (tell) => onGround((stage) => goThereAndBack(stage, ROUNDS, tell)),
};

export async function goThereAndBack(stage: Stage, rounds: number, tell: (figure: Figure) => void): Promise<void> {
  await stage.image('build');
  await stage.bluegreen('promote', '--yes');
  const there = nothingSeen();
  const back = nothingSeen();
  // The first release has its own by now.
  const issuedBefore = await stage.certificatesIssued();
  for (let round = 1; round <= rounds; round += 1) {
    await move(stage, there, `there-${round}`, async () => void (await stage.bluegreen('promote', '--again', '--yes')));
    const abandoned = await liveRelease(stage);
    let begunAt = 0;
    await move(stage, back, `back-${round}`, async () => {
      begunAt = Date.now();
      await stage.bluegreen('rollback', '--yes');
    });
    back.movedMs = Math.max(back.movedMs, (await lastAnswerOf(stage, abandoned)) - begunAt);
    await retireStandbys(stage);
  }
  const issued = (await stage.certificatesIssued()) - issuedBefore;
  const family = [...figures('promote', there), ...figures('rollback', back), movedFigure(back)];
  for (const figure of [...family, certificatesFigure(issued, rounds)]) tell(figure);
}

/** One command under load; then everything that was acknowledged is looked for. */
async function move(stage: Stage, seen: Seen, label: string, command: () => Promise<void>): Promise<void> {
  const tally = await underLoad({ ...stage.project, name: NAME }, label, command);
  const visitor = await stage.visitor();
  const ids = await visitor.ids().finally(() => visitor.close());
  const lost = tally.acknowledged.filter((id) => !ids.has(id));
  see(seen, tally, lost);
  for (const problem of [...tally.failures, ...tally.uploads.cut, ...tally.sockets.cut, ...lost].slice(0, 10))
    process.stderr.write(`${label}: ${problem}\n`);
}

/** The machine that was rolled back from is not needed for the next round. */
async function retireStandbys({ account }: Stage): Promise<void> {
  const standbys = (await account.instances()).filter(({ tags }) => tags.includes('stage=standby'));
  await Promise.all(standbys.map(({ id }) => account.destroyInstance(id)));
}

function figures(name: string, seen: Seen): Figure[] {
  const { closed, cut, untold } = seen.sockets;
  return [
    {
      name: `${name}.failed_requests`,
      value: seen.failed,
      unit: 'requests',
      limit: 0,
      peer: `${seen.answered} answered`,
    },
    {
      name: `${name}.lost_writes`,
      value: seen.lost,
      unit: 'writes',
      limit: 0,
      peer: `${seen.acknowledged} acknowledged`,
    },
    { name: `${name}.longest_answer_ms`, value: Math.round(seen.longestMs), unit: 'ms', limit: 1500 },
    {
      name: `${name}.requests_per_second`,
      value: Math.round(seen.answered / seen.seconds),
      unit: 'requests/s',
      atLeast: 200,
    },
    { name: `${name}.sockets_cut`, value: cut, unit: 'WebSockets', limit: 0, peer: `${closed} told to come again` },
    { name: `${name}.changes_untold`, value: untold, unit: 'writes', limit: 0 },
    {
      name: `${name}.uploads_cut`,
      value: seen.uploads.cut,
      unit: 'uploads',
      limit: 0,
      peer: `${seen.uploads.whole} whole`,
    },
    { name: `${name}.load_cores`, value: Math.round(seen.cores * 100) / 100, unit: 'cores' },
  ];
}

/** What the cloud's own ACME server issued while promotes and rollbacks went on. */
function certificatesFigure(issued: number, rounds: number): Figure {
  const peer = `${rounds} promotes, ${rounds} rollbacks`;
  return { name: 'promote.certificates_issued', value: issued, unit: 'certificates', limit: 0, peer };
}

function movedFigure({ movedMs }: Seen): Figure {
  return { name: 'rollback.traffic_moved_ms', value: Math.round(movedMs), unit: 'ms', limit: 5000 };
}
