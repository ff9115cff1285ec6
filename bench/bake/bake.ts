import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { build } from '../../builder/build.ts';
import { measureIndex } from '../../builder/hardening.ts';
import { openAccount } from '../../cloud/account/account.ts';
import { aptInstall } from '../../cloud/local/apt.ts';
import { hasCommand } from '../../cloud/local/engine.ts';
import { changeApp } from '../../demo/project.ts';
import type { Stage } from '../../demo/stage.ts';
import { fileJournal } from '../../operation/file-journal.ts';
import { systemClock } from '../../operation/system-clock.ts';
import type { Family, Figure } from '../figure.ts';
import { onGround, secondsOf } from '../ground.ts';
import { bakeContextOf } from '../stage-context.ts';
import { type BakeSeconds, bakeSeconds } from './bake-seconds.ts';
import { onBareMachine, withKit } from './kit.ts';
import { ansible, limit, packer } from './peers.ts';

const PEERS = { limit, ansible, packer };

/** Baking everything, a changed app and nothing; and the peers, with the same packages, files and services on the same machines. */
export const bake: Family = {
  name: 'bake',
  run: (tell) => onGround((stage) => measure(stage, tell)),
};

export async function measure(stage: Stage, tell: (figure: Figure) => void): Promise<void> {
  for (const program of ['ansible', 'packer']) if (!(await hasCommand(program))) await aptInstall([program]);
  await hardened(stage);
  // Once before, so that packages and the app's layers are on this computer for everybody.
  await stage.image('build');
  const full = await secondsOf(() => stage.image('build', '--refresh'));
  const baked = await bakeSeconds(stage);
  tell({ name: 'bake.full_s', value: full, unit: 's' });
  tell({ name: 'bake.trust_s', value: baked.trust, unit: 's' });
  if (baked.lynis !== undefined) tell({ name: 'bake.lynis_index', value: baked.lynis, unit: 'index', atLeast: 80 });
  await nothingChanged(stage, tell);
  await changeApp(stage.project, new Date());
  const appOnly = await secondsOf(() => stage.image('build'));
  const peer = `full bake ${full} s`;
  tell({ name: 'bake.app_only_over_full', value: ratio(appOnly, full), unit: 'ratio', limit: 0.25, peer });
  tell({
    name: 'bake.app_mb_sent',
    value: await megabytesSent(stage),
    unit: 'MB',
    peer: `image of ${await imageMegabytes()} MB`,
  });
  await comparePeers(stage, baked, tell);
}

/** Of the app's image to the last machine that was baked, by the bake's own journal. */
async function megabytesSent({ project }: Stage): Promise<number> {
  const entries = await fileJournal(join(project.directory, '.anny', 'journal-demo.jsonl'), (text) => text).entries();
  const last = entries.findLast(({ step, event }) => step === 'app image' && event === 'result');
  const sent = /^(\d+) MB sent/.exec(String(last?.data?.summary))?.[1];
  if (sent === undefined) throw new Error(`the journal does not say what was sent: ${JSON.stringify(last)}`);
  return Number(sent);
}

async function imageMegabytes(): Promise<number> {
  return Math.round((await new Docker().getImage('anny:baked').inspect()).Size / 1e6);
}

/** The demo's project leaves that out. */
async function hardened({ project }: Stage): Promise<void> {
  const path = join(project.directory, 'config.yaml');
  const before = await readFile(path, 'utf8');
  const after = before.replace('hardening: false', 'hardening: true');
  if (after === before) throw new Error(`${path} does not leave hardening out`);
  await writeFile(path, after);
}

async function nothingChanged(stage: Stage, tell: (figure: Figure) => void): Promise<void> {
  const unchanged = await secondsOf(() => stage.image('build'));
  const context = await bakeContextOf(stage);
  const { config, secret } = context.settings;
  let calls = 0;
  const onCall = (): void => {
    calls += 1;
  };
  const key = { apiUrl: config.infra.api_url, apiKey: secret('VULTR_API_KEY') ?? '' };
  const cloud = openAccount({ ...key, clock: systemClock, onCall });
  const wish = { name: config.image.name, force: false, onError: 'destroy' } as const;
  await build({ ...context, cloud }, wish, async () => false);
  tell({ name: 'bake.unchanged_s', value: unchanged, unit: 's', limit: 1 });
  tell({ name: 'bake.unchanged_calls', value: calls, unit: 'calls', limit: 1 });
}

const BARS = { limit: 1.1, ansible: 0.6, packer: 0.9 } as const;

/** From a machine that answers over SSH to one that is set up: without snapshot, boot test, and what only Anny checks. */
async function comparePeers(stage: Stage, { setUp }: BakeSeconds, tell: (figure: Figure) => void): Promise<void> {
  const context = await bakeContextOf(stage);
  await withKit(context, async (kit) => {
    for (const name of ['limit', 'ansible', 'packer'] as const) {
      const took = await onBareMachine(context, kit, async (bare) => {
        if (name === 'limit') tell({ name: 'bake.lynis_plain', value: await measureIndex(bare.shell), unit: 'index' });
        return PEERS[name](kit, bare);
      });
      const peer = `${name} ${took} s, anny ${setUp} s`;
      tell({ name: `bake.full_over_${name}`, value: ratio(setUp, took), unit: 'ratio', limit: BARS[name], peer });
    }
  });
}

function ratio(part: number, whole: number): number {
  return Math.round((part / whole) * 100) / 100;
}
