import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonSchemaText } from './json-schema.ts';
import { loadSettings } from './load.ts';

const ROOT = join(import.meta.dirname, '..');

function accepts(value: unknown): boolean {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  return ajv.validate(JSON.parse(jsonSchemaText()), value);
}

test('config.schema.json is what `node config/json-schema.ts` writes', async () => {
  expect(await readFile(join(ROOT, 'config.schema.json'), 'utf8')).toBe(jsonSchemaText());
});

test('config.yaml names its schema and passes it', async () => {
  const text = await readFile(join(ROOT, 'config.yaml'), 'utf8');
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./config.schema.json');
  expect(accepts(parse(text))).toBe(true);
});

test('an editor sees what the loader refuses', () => {
  expect(accepts({ infra: { vultr_pln: 'x' } })).toBe(false);
  expect(accepts({ deploy: { ttl: 300 } })).toBe(false);
  expect(accepts({ environments: { local: { app: { port: 0 } } } })).toBe(false);
  expect(accepts({ environments: { local: { app: { port: 80 } }, production: null } })).toBe(true);
});

test.each(['production', 'local'])('config.yaml loads for %s', async (environment) => {
  const settings = await loadSettings({ file: join(ROOT, 'config.yaml'), environment, env: {} });
  expect(settings.publicName).toBe(environment === 'local' ? 'anny.anny.test' : 'anny.membies.com');
});
