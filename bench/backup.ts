import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf } from '../machine/trial/clients.ts';
import { blue, green, ground, STATE } from '../machine/trial/pair.ts';
import type { Family, Figure } from './figure.ts';
import { onPair } from './pair.ts';

const ROUNDS = 200;
const WRITERS = 4;
const PAUSE_MS = 20;
const LINE = /^writer \d+ line \d+$/;

/** Backups under constant writes, each restored on another machine and read to its last line. */
export const backup: Family = { name: 'backup', run: (tell) => onPair(() => lostOrTorn(ROUNDS, tell)) };

export async function lostOrTorn(rounds: number, tell: (figure: Figure) => void): Promise<void> {
  const writing = startWriting();
  let [lost, torn] = [0, 0];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      // What is acknowledged before a backup begins is in it.
      const promised = [...writing.acknowledged];
      const { id } = await blue.box.backup();
      await green.box.restore(id);
      const text = await green.root(`cat ${STATE}/ledger; echo end`);
      const lines = text.split('\n').slice(0, -1);
      const there = new Set(lines);
      lost += promised.filter((line) => !there.has(line)).length;
      torn += lines.filter((line) => !LINE.test(line)).length;
    }
  } finally {
    await writing.stop();
  }
  const peer = `${rounds} backups, ${writing.acknowledged.length} acknowledged writes`;
  tell({ name: 'backup.lost_or_torn', value: lost + torn, unit: 'writes', limit: 0, peer });
}

/** Clients that write one line after another; what was answered with 200 is in `acknowledged` at once. */
function startWriting() {
  const client = clientOf(ground, blue.address, WRITERS);
  const acknowledged: string[] = [];
  let running = true;
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; running; count += 1) {
      const line = `writer ${writer} line ${count}`;
      const options = {
        origin: `https://${ground.settings.publicName}`,
        path: '/',
        method: 'POST',
        body: line,
      } as const;
      const { statusCode, body } = await client.request(options);
      await body.dump();
      if (statusCode === 200) acknowledged.push(line);
      await sleep(PAUSE_MS);
    }
  };
  // One may break off long before it is asked for; what it broke off with is told then.
  const all = Promise.allSettled(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  return {
    acknowledged,
    stop: async () => {
      running = false;
      const broken = (await all).find((one) => one.status === 'rejected');
      await client.close();
      if (broken !== undefined) throw broken.reason;
    },
  };
}
