import type { Stage } from '../demo/stage.ts';
import { crashOnce, describeKill, type Kill, killsOf } from './crash-machine.ts';
import type { Family } from './figure.ts';
import { onGround } from './ground.ts';

export const PROMOTE = ['promote', '--again', '--yes'];
export const ROLLBACK = ['rollback', '--yes'];

/** On real machines: each step of promote and rollback killed once with SIGKILL while clients write, then `resume` or `abort`. */
export const crashMachines: Family = {
  name: 'crash-machines',
  run: (tell) =>
    onGround(
      async (stage) => {
        await stage.image('build');
        await stage.bluegreen('promote', '--yes');
        const visitor = await stage.visitor();
        // The clean runs; after them a standby is there to roll back to.
        const promote = await killsOf(stage, PROMOTE);
        const rollback = await killsOf(stage, ROLLBACK);
        const sums = { covered: 0, lost: 0, orphans: 0 };
        for (const kill of [...rollback, ...promote]) {
          if (kill.words === PROMOTE) await retireStandbys(stage);
          const { problems, lost, orphans } = await crashOnce(stage, visitor, kill);
          process.stderr.write(`${describe(kill, problems)}\n`);
          sums.covered += problems.length === 0 ? 1 : 0;
          sums.lost += lost;
          sums.orphans += orphans;
        }
        await visitor.close();
        const total = promote.length + rollback.length;
        tell({ name: 'crash-machines.points_covered', value: sums.covered, unit: 'points', atLeast: total });
        tell({ name: 'crash-machines.points_total', value: total, unit: 'points' });
        tell({ name: 'crash-machines.lost_writes', value: sums.lost, unit: 'writes', limit: 0 });
        tell({ name: 'crash-machines.orphans', value: sums.orphans, unit: 'machines', limit: 0 });
      },
      { name: 'bench-crash', subnet: '10.89.0.0/24', apiPort: 9784 },
    ),
};

export function describe(kill: Kill, problems: readonly string[]): string {
  return `${describeKill(kill)}: ${problems.length === 0 ? 'well' : `NOT WELL: ${problems.join('; ')}`}`;
}

/** So that each promote has room: a standby more for every point would fill the computer. */
export async function retireStandbys({ account }: Stage): Promise<void> {
  const standbys = (await account.instances()).filter(({ tags }) => tags.includes('stage=standby'));
  await Promise.all(standbys.map(({ id }) => account.destroyInstance(id)));
}
