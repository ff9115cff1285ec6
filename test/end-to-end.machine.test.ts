import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { underLoad } from '../bench/load/load.ts';
import { reset } from '../cloud/local/down.ts';
import { placeFiles } from '../cloud/local/place.ts';

import { NAME } from '../demo/project.ts';

import { openStage, type Stage, stagePlace } from '../demo/stage.ts';
import { demoSteps, type Seen } from '../demo/steps.ts';
import { openVisitor } from '../demo/visitor.ts';
import { lost, startWriting } from '../demo/writing.ts';
import { silentReport } from '../operation/silent-report.ts';
import { promoteBroken } from './broken-release.ts';
import { openLogbook } from './logbook.ts';
import { run, runShell } from './programs.ts';
import { watchFromOutside } from './watching.ts';

const place = stagePlace('e2e', { subnet: '10.79.0.0/24', apiPort: 8684 }, silentReport);
const seen: Seen = {};
let stage: Stage;

beforeAll(async () => {
  await reset(place.cloud);
  stage = await openStage(place, new AbortController().signal);
});
afterAll(async () => {
  await seen.visitor?.close();
  await reset(place.cloud);
  await rm(place.directory, { recursive: true, force: true });
});

describe('the main job, as the programs do it', () => {
  // The names are those of the demo: what a user sees there is what is held here.
  const names = demoSteps({} as Stage, {}).map(({ name }) => name);
  for (const name of names) {
    it(name, async () => {
      const step = demoSteps(stage, seen).find((one) => one.name === name);
      expect(await step?.run()).toBeTruthy();
    });
  }
});

const ZONE = NAME.slice(NAME.indexOf('.') + 1);
const SUBDOMAIN = NAME.slice(0, NAME.indexOf('.'));
const bluegreen = (words: readonly string[], options: Parameters<typeof run>[3] = {}) =>
  run(place.directory, 'anny-bluegreen', words, options);
const machines = async () => (await stage.account.instances()).map(({ id }) => id).sort();
const status = async () => JSON.parse((await bluegreen(['status', '--json'])).stdout);
const inShell = (command: string) => runShell(place.directory, command);
const visitor = () => seen.visitor ?? expect.fail('the main job left nobody who visits');

describe('what must not be used up or lost on the way', () => {
  it('is the issuer’s budget: one certificate was issued for all of that', async () => {
    expect(await stage.certificatesIssued()).toBe(1);
  });

  it('is a request while a secret changes: the live machine has the new one, and no client failed', async () => {
    const next = 'the-next-key-0123456789';
    const writing = startWriting(visitor(), 'rotation', 8);
    const { code, stdout } = await bluegreen(['secrets', 'push', '--yes', '--json'], {
      env: { ANNY_API_KEY: `${stage.project.apiKey},${next}` },
    });
    const written = await writing.stop();
    expect({ code, stdout }).toMatchObject({ code: 0 });
    const changes = [{ name: 'ANNY_API_KEY', change: 'changed' }];
    const pushed: { role: string }[] = JSON.parse(stdout).pushed;
    for (const one of pushed) expect(one).toMatchObject({ changes });
    // The standby too: a rollback must not bring the former set back.
    expect(pushed.map(({ role }) => role)).toEqual(['writer', 'relay']);
    expect(stdout).not.toContain(next);
    expect(written.failures).toEqual([]);
    expect(lost(written, await visitor().ids())).toEqual([]);
    const other = await openVisitor({ ...stage.project, name: NAME, apiKey: next });
    expect((await other.get('/memory?limit=1')).status).toBe(200);
    await other.close();
  });
});

describe('an operator who looks', () => {
  it('touches nothing with plan, and sees what would happen', async () => {
    const before = await machines();
    const { code, stdout } = await bluegreen(['plan', '--again', '--json']);
    expect(code).toBe(0);
    const cost = { nowMonthlyUsd: 5 * before.length, thenMonthlyUsd: 5 * (before.length + 1) };
    expect(JSON.parse(stdout)).toMatchObject({ action: 'promote', cost });
    expect(await machines()).toEqual(before);
  });

  it('reads status as JSON: who serves, and that the name leads there', async () => {
    const view = await status();
    expect(view).toMatchObject({ situation: 'live', certificate: { kind: 'issued' }, backups: { configured: true } });
    expect(view.nameServers.every(({ right }: { right: boolean }) => right)).toBe(true);
  });

  it('drills the recovery on a scratch machine, which is gone afterwards, and sees in status that it was proved', async () => {
    const before = await machines();
    const { code, stdout } = await bluegreen(['drill', '--json']);
    expect(code).toBe(0);
    const drilled = JSON.parse(stdout);
    expect(drilled.rtoMs).toBeLessThan(60_000);
    expect(drilled).toMatchObject({ backup: { release: expect.any(String) }, writesMissing: expect.any(Number) });
    expect(await machines()).toEqual(before);
    expect((await status()).backups).toMatchObject({ proof: { by: 'drill', backup: drilled.backup.id }, problem: '' });
  });

  it('finds no secret in what is written down here', async () => {
    const secrets = (await readFile(join(place.directory, '.env'), 'utf8')).matchAll(/^((?:ANNY|RESTIC)_\w+)=(.+)$/gm);
    const journal = await readFile(join(place.directory, '.anny', 'journal-demo.jsonl'), 'utf8');
    const shown = (await bluegreen(['config', 'show'])).stdout;
    const logs = (await bluegreen(['logs', '--all', '-n', '500'])).stdout;
    expect(journal).toContain('"commit"');
    for (const [, name, value = ''] of secrets) {
      for (const text of [journal, shown, logs]) expect(text.includes(value), name).toBe(false);
    }
  });
});

describe('an operator who errs', () => {
  it('hears what is wrong with a key, and never the key', async () => {
    const { code, stderr, stdout } = await bluegreen(['status'], { env: { VULTR_API_KEY: 'wrong-key-0123456789' } });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/VULTR_API_KEY/);
    expect(stderr).not.toContain('wrong-key-0123456789');
  });

  it('hears of a key in config.yaml that is none, and which was meant', async () => {
    const { code, stderr } = await bluegreen(['status'], { env: { ANNY_INFRA_VULTR_PLAM: 'x' } });
    expect(code).toBe(2);
    expect(stderr).toMatch(/ANNY_INFRA_VULTR_PLAN/);
  });

  it('hears of a plan that the account refuses, in its own words, and nothing is left', async () => {
    const before = await machines();
    const { code, stderr } = await bluegreen(['promote', '--again', '--yes'], {
      env: { ANNY_INFRA_VULTR_PLAN: 'vc2-nope' },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Invalid plan chosen\..*\n\s+next: choose another infra.vultr_plan/);
    expect(await machines()).toEqual(before);
  });

  it('may stop a promote before the commit: what it made is gone, and the old release serves', async () => {
    const [before, wasServing] = await Promise.all([machines(), status()]);
    const { code } = await bluegreen(['promote', '--again', '--yes'], {
      onLine: (line, child) => void (line.startsWith('✔ boot') && child.kill('SIGINT')),
    });
    expect(code).toBe(130);
    expect(await machines()).toEqual(before);
    expect((await status()).writer).toBe(wasServing.writer);
  });
});

describe('a promote that is killed', () => {
  for (const { when, serves } of [
    { when: '✔ hold', serves: 'the old release serves on' },
    { when: '✔ commit', serves: 'the new release serves' },
  ]) {
    it(`after "${when}": ${serves}, the same command finishes, and no write is lost`, async () => {
      const writing = startWriting(visitor(), `killed-${when.slice(2)}`, 8);
      const killed = await bluegreen(['promote', '--again', '--yes'], {
        onLine: (line, child) => void (line.startsWith(when) && child.kill('SIGKILL')),
      });
      expect(killed.code).toBeNull();
      const { code, stderr } = await bluegreen(['promote', '--again', '--yes']);
      const written = await writing.stop();
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(written.failures).toEqual([]);
      expect(lost(written, await visitor().ids())).toEqual([]);
      const view = await status();
      expect(view.machines.filter(({ role }: { role: string }) => role === 'writer')).toHaveLength(1);
    });
  }
});

describe('the doctor', () => {
  type Found = { code: string; repair: { kind: string; command: string } };
  const doctor = async (...words: string[]) => {
    const { code, stdout } = await bluegreen(['doctor', '--json', ...words]);
    const { findings, done }: { findings: Found[]; done?: string[] } = JSON.parse(stdout);
    const wrong = findings.filter(({ code }) => !['no-way-back', 'way-back-kept', 'fenced', 'prepared'].includes(code));
    return { code, done, found: wrong.map((one) => one.code), wrong };
  };
  const records = async () => (await stage.account.records(ZONE)).filter(({ name }) => name === SUBDOMAIN);

  it('mends what is wrong and loses nothing: the name, a mark, the backup, a machine that never served', async () => {
    expect(await doctor('--fix', '--yes')).toMatchObject({ code: 0, found: [] });
    const [record] = await records();
    const live = (await stage.account.instances()).find(({ tags }) => tags.includes('stage=live'));
    if (record === undefined || live === undefined) throw new Error('nothing is live');
    await bluegreen(['prepare', '--again', '--yes'], {
      onLine: (line, child) => void (line.startsWith('✔ create machine') && child.kill('SIGKILL')),
    });
    await stage.account.pointRecord(ZONE, record.id, '192.0.2.1');
    await stage.account.tagInstance(
      live.id,
      live.tags.map((tag) => (tag === 'stage=live' ? 'stage=candidate' : tag)),
    );
    await rm(join(placeFiles(place.cloud.place).repositories, 'demo'), { recursive: true });
    const before = await doctor();
    expect(before.code).toBe(1);
    expect(before.found).toEqual(expect.arrayContaining(['name-elsewhere', 'tags-disagree', 'orphan']));
    const { code, done, found } = await doctor('--fix', '--yes');
    expect({ code, found }).toEqual({ code: 0, found: [] });
    expect(done).toContain('anny-bluegreen settle');
    // The repository is there again: the doctor made a backup, or the machine was quicker.
    expect(await bluegreen(['backup', 'verify'])).toMatchObject({ code: 0 });
    await visitor().write('after-the-doctor', 'once more');
  });

  it('prints what is not its to do: a second record, and a machine that nobody can read', async () => {
    await stage.account.createRecord(ZONE, { type: 'AAAA', name: SUBDOMAIN, data: '2001:db8::1', ttlSeconds: 60 });
    await stage.account.createInstance({
      ...{ label: 'anny-odd', hostname: 'odd', region: 'ewr', plan: 'vc2-1c-1gb', from: { osId: 2136 }, userData: '' },
      ...{ sshKeyIds: [], tags: ['anny', 'env=demo', 'op=odd'], uniqueTag: 'op=odd' },
    });
    const { code, wrong } = await doctor('--fix', '--yes');
    expect(code).toBe(1);
    const [second, unreadable] = ['two-records', 'unreadable'].map((code) => wrong.find((one) => one.code === code));
    expect(second?.repair.kind).toBe('decide');
    // The commands are exact: they are run as they stand there.
    for (const one of [second, unreadable]) expect(await inShell(one?.repair.command ?? 'false')).toBe(0);
    await expect.poll(async () => (await doctor()).found, { timeout: 60_000, interval: 2_000 }).toEqual([]);
  });
});

describe('clients of every kind', () => {
  it('see nothing of a rollback: requests, uploads, and WebSockets that are told to come again', async () => {
    const outside = { ...stage.project, name: NAME };
    const monitor = await watchFromOutside(place.directory);
    const tally = await underLoad(outside, 'everybody', async () => {
      expect(await bluegreen(['rollback', '--yes'])).toMatchObject({ code: 0 });
    });
    // Nor does the monitor raise an alarm.
    const { states, alerts } = await monitor.stop();
    expect({ states: [...new Set(states)], alerts }).toEqual({ states: ['up'], alerts: [] });
    expect(states.length).toBeGreaterThan(3);
    expect(tally).toMatchObject({ failures: [], uploads: { cut: [] }, sockets: { cut: [], untold: [] } });
    expect(tally.sockets.closed).toBeGreaterThanOrEqual(2);
    expect(tally.uploads.whole).toBeGreaterThan(10);
    const ids = await visitor().ids();
    expect(tally.acknowledged.filter((id) => !ids.has(id))).toEqual([]);
  });
});

describe('a release that is well for its health path, and fails a third of its clients’ writes', () => {
  it('is handed back by the watch, exit 1, with the numbers; no acknowledged write is lost', async () => {
    const before = await status();
    const writing = startWriting(visitor(), 'broken', 8);
    const done = await promoteBroken(place.directory).finally(() => writing.stop());
    const written = await writing.stop();
    expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 1 });
    expect(JSON.parse(done.stdout).error).toMatchObject({
      code: 'UNHEALTHY',
      found: expect.stringMatching(
        /5xx [1-9]\d*\.\d % of [\d,]+ requests; 0\.0\d? % of [\d,]+ in the hour before on (blue|green)-/,
      ),
    });
    expect(await readFile(join(place.directory, 'told'), 'utf8')).toBe(`UNHEALTHY 1 ${before.writer} ${NAME}\n`);
    expect((await status()).writer).toBe(before.writer);
    expect(written.failures.every((failure) => failure.startsWith('HTTP 500'))).toBe(true);
    expect(written.failures.length).toBeGreaterThan(2);
    expect(lost(written, await visitor().ids())).toEqual([]);
    await visitor().write('after-it-was-handed-back', 'once more');
  });
});

describe('another app in another language, in the same place', () => {
  it('is baked, promoted, promoted again and rolled back, and keeps its notes', async () => {
    const logbook = await openLogbook(place);
    try {
      const all = async (...words: string[]) =>
        expect(await logbook.bluegreen(...words, '--yes')).toMatchObject({ code: 0 });
      expect(await logbook.image('build')).toMatchObject({ code: 0 });
      await all('promote');
      const reader = await logbook.visitor();
      const note = async (text: string) => expect((await reader.post('/notes', text)).status).toBe(201);
      await note('before');
      await all('promote', '--again');
      await note('between');
      await all('rollback');
      const { text } = await reader.get('/notes');
      await reader.close();
      expect(text).toContain('before');
      expect(text).toContain('between');
    } finally {
      await logbook.close();
    }
  });
});
