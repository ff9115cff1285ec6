import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../config/load.ts';
import { type Ask, allIds, KEY } from './test/client.ts';
import { type AppContainer, type AppStage, openStage } from './test/container.ts';

const BASE_BYTES_LIMIT = 60e6;
let stage: AppStage;
let anny: AppContainer;

beforeAll(async () => {
  const file = join(import.meta.dirname, '..', 'config.yaml');
  stage = await openStage(await loadSettings({ file, environment: 'local', env: {} }));
  anny = await stage.run({ ANNY_API_KEY: KEY, ANNY_IMAGE_DIGEST: 'sha256:of-the-machine' });
  await healthy(anny.ask);
});
afterAll(() => stage?.close());

async function healthy(ask: Ask): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await ask('/health').catch(() => undefined))?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`not healthy: ${await anny.logs()}`);
}

describe("Anny's image, run as its compose file runs it", () => {
  it('serves as uid 1000 on a root that nobody can write to', async () => {
    expect((await anny.ask('/health')).json()).toMatchObject({
      status: 'ok',
      imageDigest: 'sha256:of-the-machine',
      serviceAccount: 'absent',
    });
    expect((await anny.run('id', '-u')).output.trim()).toBe('1000');
    expect((await anny.run('touch', '/app/x')).code).not.toBe(0);
  });

  it('has a health check that passes, and fails when Anny does not answer', async () => {
    const check = (await anny.inspect()).Config.Healthcheck?.Test ?? [];
    expect(check[0]).toBe('CMD');
    expect((await anny.run(...check.slice(1))).code).toBe(0);
    expect((await anny.run('sh', '-c', `ANNY_PORT=8001 ${check.slice(1).join(' ')}`)).code).toBe(1);
  });

  it('holds the service and nothing else', async () => {
    const { output } = await anny.run(
      'find',
      '/app',
      '-path',
      '*/node_modules',
      '-prune',
      '-o',
      '-type',
      'f',
      '-print',
    );
    const files = output.trim().split(/\s+/);
    expect(files).toContain('/app/main.ts');
    const known = /^\/app\/((memory\/)?[a-z-]+\.ts|package\.json|config\.yaml|compiled\/[^/]+\/[0-9a-f]+)$/;
    const strange = files.filter((path) => !known.test(path));
    expect(strange).toEqual([]);
    expect(files.filter((path) => path.includes('test'))).toEqual([]);
    const { Size } = await stage.engine.getImage(stage.image).inspect();
    const base = await stage.engine.getImage('anny-local/node:24').inspect();
    expect(Size - base.Size).toBeLessThan(BASE_BYTES_LIMIT);
  });

  it('starts from what Node compiled when the image was built', async () => {
    const { output } = await anny.run('sh', '-c', 'NODE_DEBUG_NATIVE=COMPILE_CACHE node health-check.ts');
    expect(output).toMatch(/cache for ESM file:\/\/\/app\/health-check.ts was accepted/);
    const kept = await anny.run('sh', '-c', 'find /app/compiled -type f | wc -l');
    expect(Number(kept.output)).toBeGreaterThan(300);
  });

  it('writes no secret into its log', async () => {
    await anny.ask('/memory', { key: `${KEY}-wrong` });
    const logs = await anny.logs();
    expect(logs).toContain('"Anny serves"');
    expect(logs).not.toContain(KEY);
  });

  it('trusts the address that the proxy names, which comes from the gateway here', async () => {
    await anny.ask('/', { headers: { 'x-forwarded-for': '192.0.2.9', 'x-request-id': 'by-the-proxy' } });
    const line = async () => (await anny.logs()).split('\n').find((text) => text.includes('by-the-proxy'));
    await expect.poll(line).toContain('"address":"192.0.2.9"');
  });

  it('stops with 0 within its grace, and remembers everything when it starts again', async () => {
    const write = (index: number) =>
      anny.ask('/memory', { method: 'POST', body: { id: `n${index}`, content: 'kept' } });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => write(index)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const { code, ms } = await anny.stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(5000);
    await anny.start();
    await healthy(anny.ask);
    expect((await allIds(anny.ask)).length).toBe(40);
  });
});
