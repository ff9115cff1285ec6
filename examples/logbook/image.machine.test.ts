import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AppContainer, type AppStage, openStage } from '../../app/test/container.ts';
import { ensureRootImage } from '../../cloud/local/machine-image.ts';
import { appBase } from '../../cloud/local/recipes.ts';
import { loadSettings } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import { silentReport } from '../../operation/silent-report.ts';

const TOKEN = 'a-token-for-tests';
const FILE = join(import.meta.dirname, 'config.yaml');
let settings: Settings;
let stage: AppStage;
let logbook: AppContainer;

beforeAll(async () => {
  settings = await loadSettings({ file: FILE, environment: 'local', env: {} });
  const base = await appBase(settings.config.app.build_args.BASE_IMAGE ?? '');
  if (base === undefined) throw new Error('the local cloud has no such base image');
  await ensureRootImage(new Docker(), base, silentReport);
  stage = await openStage(settings);
  logbook = await stage.run({ LOGBOOK_TOKEN: TOKEN });
  await healthy();
});
afterAll(() => stage?.close());

async function healthy(): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await logbook.ask('/healthz').catch(() => undefined))?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`not healthy: ${await logbook.logs()}`);
}

const write = (body: string) => logbook.ask('/notes', { method: 'POST', key: TOKEN, body });

describe('an app in another language', () => {
  it.each(['local', 'production'])('has a whole configuration for %s', async (environment) => {
    const { config, publicName } = await loadSettings({ file: FILE, environment, env: {} });
    expect(config.app).toMatchObject({ name: 'logbook', port: 9000, health: '/healthz', uid: 10001, secret_files: {} });
    expect(publicName).toBe(environment === 'local' ? 'logbook.anny.test' : 'logbook.example.com');
  });

  it('gets a compose file that compose accepts and that knows nothing of Anny’s own app', async () => {
    expect(stage.compose).not.toMatch(/8000|anny-memory|config\.yaml|\/home/);
    const program = composeProgram();
    if (program === undefined) return;
    const directory = await mkdtemp(join(tmpdir(), 'anny-compose-'));
    const path = join(directory, 'docker-compose.yml');
    await writeFile(path, stage.compose);
    const shown = execFileSync(program[0], [...program.slice(1), '-f', path, 'config'], { encoding: 'utf8' });
    await rm(directory, { recursive: true });
    expect(shown).toContain('/var/lib/logbook');
  });

  it('builds and runs as that file says: its user, a read-only root, its setting', async () => {
    const health = await logbook.ask('/healthz');
    expect(health.json()).toEqual({ status: 'ok', title: 'The logbook', notes: 0 });
    expect((await logbook.run('id', '-u')).output.trim()).toBe('10001');
    expect((await logbook.run('touch', '/srv/x')).code).not.toBe(0);
    const check = (await logbook.inspect()).Config.Healthcheck?.Test ?? [];
    expect((await logbook.run(...check.slice(1))).code).toBe(0);
  });

  it('wants its secret, and never logs it', async () => {
    expect((await logbook.ask('/notes', { key: 'wrong' })).status).toBe(401);
    expect((await logbook.ask('/notes', { method: 'POST', key: '', body: 'x' })).status).toBe(401);
    expect(await logbook.logs()).not.toContain(TOKEN);
  });

  it('stops with 0 within its grace, and keeps every note', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => write(`note ${index}`)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const before = (await logbook.ask('/notes', { key: TOKEN })).json();
    const { code, ms } = await logbook.stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(settings.config.app.stop_grace);
    await logbook.start();
    await healthy();
    expect((await logbook.ask('/notes', { key: TOKEN })).json()).toEqual(before);
  });

  it('cuts off a line that a crash cut short', async () => {
    await write('whole');
    const { ask } = logbook;
    const count = JSON.parse((await ask('/healthz')).text).notes;
    await logbook.run('sh', '-c', 'printf \'{"number": 99, "te\' >> /var/lib/logbook/notes.jsonl');
    await logbook.stop();
    await logbook.start();
    await healthy();
    expect((await ask('/healthz')).json()).toMatchObject({ notes: count });
    expect((await write('after')).json()).toMatchObject({ number: count + 1 });
  });
});

function composeProgram(): readonly [string, ...string[]] | undefined {
  for (const program of [['docker', 'compose'], ['docker-compose']] as const) {
    try {
      execFileSync(program[0], [...program.slice(1), 'version'], { stdio: 'ignore' });
      return program;
    } catch {}
  }
  return undefined;
}
