import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { parse, stringify } from 'yaml';
import type { Stage } from '../demo/stage.ts';
import { lost, startWriting, type Written } from '../demo/writing.ts';
import type { Family, Figure } from './figure.ts';
import { onGround } from './ground.ts';

const WRITERS = 10;
const ROUNDS = 2;

/** What writers notice of a promote and of a rollback, by either way of moving traffic; and of the change from one to the other. */
export const trafficSwitch: Family = {
  name: 'switch',
  run: (tell) => onGround((stage) => byBothWays(stage, tell)),
};

export async function byBothWays(stage: Stage, tell: (figure: Figure) => void, rounds = ROUNDS): Promise<void> {
  await stage.image('build');
  await stage.bluegreen('promote', '--yes');
  const byRecord = await thereAndBack(stage, 'dns', tell, rounds);
  await reserve(stage);
  await choose(stage, 'reserved_ip');
  const change = await whileWriting(stage, 'change', () => stage.bluegreen('settle', '--yes'));
  tell({ name: 'switch.change_failed_requests', value: change.failures.length, unit: 'requests', limit: 0 });
  await thereAndBack(stage, 'reserved_ip', tell, rounds, `${byRecord} ms by the record`);
}

async function thereAndBack(
  stage: Stage,
  way: string,
  tell: (figure: Figure) => void,
  rounds: number,
  beside?: string,
): Promise<number> {
  const all: Written[] = [];
  const commands = [
    ['promote', '--again', '--yes'],
    ['rollback', '--yes'],
  ];
  for (let round = 1; round <= rounds; round += 1) {
    for (const words of commands) {
      all.push(await whileWriting(stage, `${way}-${round}-${words[0]}`, () => stage.bluegreen(...words)));
    }
  }
  const visitor = await stage.visitor();
  const ids = await visitor.ids().finally(() => visitor.close());
  const failures = all.flatMap((written) => written.failures);
  const missing = all.flatMap((written) => lost(written, ids));
  for (const problem of [...failures, ...missing].slice(0, 10)) process.stderr.write(`${way}: ${problem}\n`);
  const peer = `${all.flatMap(({ acknowledged }) => acknowledged).length} acknowledged`;
  tell({ name: `switch.${way}_failed_requests`, value: failures.length, unit: 'requests', limit: 0, peer });
  tell({ name: `switch.${way}_lost_writes`, value: missing.length, unit: 'writes', limit: 0, peer });
  const longest = Math.round(Math.max(...all.map(({ longestMs }) => longestMs)));
  const measured = { name: `switch.${way}_longest_answer_ms`, value: longest, unit: 'ms' };
  tell(beside === undefined ? measured : { ...measured, peer: beside });
  return longest;
}

async function whileWriting(stage: Stage, label: string, command: () => Promise<unknown>): Promise<Written> {
  const visitor = await stage.visitor();
  const writing = startWriting(visitor, label, WRITERS);
  try {
    await command();
  } catch (error) {
    await writing.stop();
    throw error;
  }
  return writing.stop().finally(() => visitor.close());
}

async function reserve({ project }: Stage): Promise<void> {
  const config = parse(await readFile(join(project.directory, 'config.yaml'), 'utf8'));
  const env = await readFile(join(project.directory, '.env'), 'utf8');
  const key = /^VULTR_API_KEY=(.*)$/m.exec(env)?.[1] ?? '';
  const answer = await request(`${config.infra.api_url}/reserved-ips`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ region: 'ewr', ip_type: 'v4', label: 'anny-demo' }),
  });
  if (answer.statusCode !== 201) throw new Error(`reserving an address: ${await answer.body.text()}`);
  await answer.body.dump();
}

async function choose({ project }: Stage, way: 'dns' | 'reserved_ip'): Promise<void> {
  const path = join(project.directory, 'config.yaml');
  const config = parse(await readFile(path, 'utf8'));
  await writeFile(path, stringify({ ...config, deploy: { ...config.deploy, switch: way } }));
}
