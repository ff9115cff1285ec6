import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../demo/stage.ts';
import { blue, green, STATE } from '../machine/trial/pair.ts';
import type { Family, Figure } from './figure.ts';
import { onGround, secondsOf } from './ground.ts';
import { onPair } from './pair.ts';
import { VULTR_WAITS, waitsText } from './vultr-waits.ts';

const STATE_MB = 1024;
/** Long enough for several backups that follow the writes; no whole number of their rounds. */
const WRITE_MS = 130_000;
const PAUSE_MS = 50;
const LOOK_MS = 300_000;

/** What an unplanned loss costs in time and in writes, and how fast a state comes back. */
export const restore: Family = {
  name: 'restore',
  run: async (tell) => {
    await onGround((stage) => loseTheMachine(stage, tell));
    await onPair(() => throughput(tell));
  },
};

/** Writes go on until the machine is gone, with all that no backup had yet; then one command. */
export async function loseTheMachine(stage: Stage, tell: (figure: Figure) => void): Promise<void> {
  await stage.image('build');
  await stage.bluegreen('promote', '--yes');
  const writing = await writeUntilLost(stage);
  await sleep(WRITE_MS);
  const live = (await stage.account.instances()).find(({ tags }) => tags.includes('stage=live'));
  if (live === undefined) throw new Error('nothing is live');
  const lostAt = Date.now();
  await stage.account.destroyInstance(live.id);
  // Its last answers are no service.
  const diedAt = await whenWell(stage, false);
  const restoring = stage.bluegreen('restore', '--yes');
  const servesAt = await whenWell(stage, true);
  const [acknowledged] = await Promise.all([writing.stop(), restoring]);
  const visitor = await stage.visitor();
  const ids = await visitor.ids().finally(() => visitor.close());
  const before = acknowledged.filter(({ at }) => at < diedAt);
  const missing = before.filter(({ id }) => !ids.has(id));
  const rto = (servesAt - lostAt) / 1000;
  const rpo = Math.max(0, ...missing.map(({ at }) => (diedAt - at) / 1000));
  const peer = `${missing.length} of ${before.length} acknowledged writes`;
  tell({ name: 'restore.rto_s', value: tenths(rto), unit: 's', limit: 60, peer: waitsText(VULTR_WAITS) });
  tell({ name: 'restore.rpo_s', value: tenths(rpo), unit: 's', limit: 90, peer });
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

interface Acknowledged {
  readonly id: string;
  readonly at: number;
}

async function writeUntilLost(stage: Stage) {
  const visitor = await stage.visitor();
  const acknowledged: Acknowledged[] = [];
  let running = true;
  const all = (async () => {
    for (let count = 0; running; count += 1) {
      const id = `until-lost-${count}`;
      const ok = await visitor.write(id, 'until it was lost').then(
        () => true,
        () => false,
      );
      if (ok) acknowledged.push({ id, at: Date.now() });
      await sleep(PAUSE_MS);
    }
  })();
  return {
    stop: async (): Promise<readonly Acknowledged[]> => {
      running = false;
      await visitor.close();
      await all;
      return acknowledged;
    },
  };
}

/** When the name leads to something that answers well; or no longer does. */
async function whenWell(stage: Stage, wanted: boolean): Promise<number> {
  const until = Date.now() + LOOK_MS;
  while (Date.now() < until) {
    const visitor = await stage.visitor();
    const answer = await Promise.race([visitor.get('/health'), sleep(2_000)]).catch(() => undefined);
    await visitor.close();
    if ((answer?.status === 200) === wanted) return Date.now();
    await sleep(200);
  }
  throw new Error(`the name ${wanted ? 'does not lead to something that answers well' : 'goes on being answered'}`);
}

/** From the repository, compared to its last bit, beside a plain rsync between the same machines. */
export async function throughput(tell: (figure: Figure) => void): Promise<void> {
  await blue.root(`head -c ${STATE_MB}M /dev/urandom > ${STATE}/big && sync`);
  const { id } = await blue.box.backup();
  const restored = await secondsOf(() => green.box.restore(id));
  await blue.box.admit(await green.box.pullKey(), green.address);
  const ssh = 'ssh -i /run/anny/pull-key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes';
  const rsync = `rm -rf /var/lib/docker/copied && rsync -a -e '${ssh}' deploy@${blue.address}::state/ /var/lib/docker/copied/ && sync -f /var/lib/docker/copied`;
  const copied = await secondsOf(() => green.root(rsync));
  const peer = `rsync ${Math.round(STATE_MB / copied)} MB/s`;
  const value = Math.round(STATE_MB / restored);
  tell({ name: 'restore.mb_per_s', value, unit: 'MB/s', atLeast: Math.round((0.5 * STATE_MB) / copied), peer });
}
