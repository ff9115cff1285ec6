import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { expect, onTestFinished, test } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { watchEngine } from './changes.ts';
import { declare, titleOf } from './declared.ts';
import { openEngine } from './engine.ts';
import { placeOf } from './place.ts';
import { resourcesIn, withStack } from './stack.ts';

const API_KEY = 'KEYOFATESTKEYOFATESTKEYOFATEST012345';
const PASSPHRASE = 'the passphrase of a test';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVuZ2luZQ own';
const TIMEOUT_MS = 120_000;

const engine = await openEngine().catch(() => undefined);
const config = configSchema.parse({
  infra: {
    firewall_group: 'web',
    foundation: { reserved_ip: true, vpc: '10.42.0.0/24', object_storage_cluster: 4 },
  },
});
const declared = declare({ config, environment: 'test' }, { 'webengine-deploy': KEY });

async function scene() {
  if (engine === undefined) throw new Error('the test is skipped without an engine');
  const directory = await mkdtemp(join(tmpdir(), 'anny-foundation-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const place = placeOf({
    environment: 'test',
    config,
    directory,
    publicName: 'anny.membies.com',
    secret: (name) => ({ VULTR_API_KEY: API_KEY, PULUMI_CONFIG_PASSPHRASE: PASSPHRASE })[name],
    secretValues: () => new Map(),
  });
  const open = <T>(run: (stack: Stack) => Promise<T>): Promise<T> =>
    withStack(engine, place, { declared, protect: true }, run);
  return { directory, open };
}

/** Everything that lies in the state, as text. */
async function textIn(directory: string): Promise<string> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  const texts = files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

const WITHOUT = 'there is no pulumi on the PATH';

test('a state is made, and found again by the same passphrase', { timeout: TIMEOUT_MS }, async ({ skip }) => {
  skip(engine === undefined, WITHOUT);
  const { directory, open } = await scene();
  for (const _ of ['made', 'found']) {
    expect(await open(async (stack) => [await resourcesIn(stack), await stack.outputs()])).toEqual([[], {}]);
  }
  const state = await textIn(join(directory, '.anny'));
  expect(state).toContain('anny-foundation');
  for (const secret of [API_KEY, PASSPHRASE]) expect(state).not.toContain(secret);
});

test('a preview of an empty account makes everything that is declared', { timeout: TIMEOUT_MS }, async ({ skip }) => {
  skip(engine === undefined, WITHOUT);
  const { directory, open } = await scene();
  const plugins = await open((stack) => stack.workspace.listPlugins());
  const provided = plugins.some(({ name, kind }) => name === 'vultr' && kind === 'resource');
  skip(!provided, 'the provider of Vultr is not installed: pulumi plugin install resource vultr');
  const seen = watchEngine(declared);
  await open((stack) => stack.preview({ refresh: true, onEvent: seen.onEvent }));
  expect(seen.problems).toEqual([]);
  expect(new Set(seen.changes.map(({ op }) => op))).toEqual(new Set(['create']));
  expect(seen.changes.map(({ title }) => title).sort()).toEqual(declared.map(titleOf).sort());
  expect(await textIn(join(directory, '.anny'))).not.toContain(API_KEY);
});
