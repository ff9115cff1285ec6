import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { KEY } from './test/client.ts';
import { newDirectory } from './test/directory.ts';
import { startProcess } from './test/process.ts';

const lineSchema = z.looseObject({ level: z.number(), time: z.number(), msg: z.string() });

function linesOf(output: string) {
  return output
    .trim()
    .split('\n')
    .map((line) => lineSchema.parse(JSON.parse(line)));
}

it('has one JSON line a request, under the id that the answer carries', { timeout: 30_000 }, async () => {
  const anny = await startProcess(await newDirectory());
  const given = await anny.ask('/memory?limit=5', { headers: { 'x-request-id': 'given.by-the_proxy' } });
  expect(given.headers.get('x-request-id')).toBe('given.by-the_proxy');
  const own = await anny.ask('/nowhere', { headers: { 'x-request-id': 'not an id {"x":1}' } });
  const ownId = own.headers.get('x-request-id');
  expect(ownId).toMatch(/^[0-9a-f-]{36}$/);
  const broken = await anny.ask('/memory/%zz');
  await anny.end('SIGTERM');
  const lines = linesOf(anny.output()).filter(({ msg }) => msg === 'request');
  expect(lines).toMatchObject([
    { requestId: 'given.by-the_proxy', method: 'GET', path: '/memory', status: 200, address: '127.0.0.1' },
    { requestId: ownId, path: '/nowhere', status: 404 },
    { requestId: broken.headers.get('x-request-id'), status: 400 },
  ]);
});

it('holds no key, no content, no search and nothing of the service account, at any level', {
  timeout: 30_000,
}, async () => {
  const directory = await newDirectory();
  const account = join(await newDirectory(), 'account.json');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeFile(account, JSON.stringify(accountWith(pem)));
  const anny = await startProcess(directory, { ANNY_LOG_LEVEL: 'trace', ANNY_SERVICE_ACCOUNT_PATH: account });
  const content = 'a-private-thought';
  await anny.ask('/memory', { method: 'POST', body: { id: 'p', content, tags: ['a-private-tag'] } });
  await anny.ask('/memory', { method: 'POST', body: { id: 'p', content: `${content} again` } });
  await anny.ask('/memory', { method: 'POST', body: `{"content":"${content}` });
  await anny.ask('/memory', { method: 'POST', body: { content: [content] } });
  await anny.ask(`/memory/search?q=${content}`);
  await anny.ask(`/nowhere?key=${KEY}`);
  await anny.ask('/', { key: '', headers: { 'x-api-key': `${KEY}-wrong`, cookie: `key=${KEY}` } });
  await anny.ask('/memory/p');
  expect((await anny.ask('/health')).json()).toMatchObject({ serviceAccount: 'loaded' });
  await anny.end('SIGTERM');
  const output = anny.output();
  for (const secret of [KEY, 'a-private', 'anny@example', pem.split('\n')[3] ?? ''])
    expect(output).not.toContain(secret);
});

function accountWith(pem: string) {
  return {
    type: 'service_account',
    project_id: 'project',
    private_key_id: '0123',
    private_key: pem,
    client_email: 'anny@example.iam.gserviceaccount.com',
    token_uri: 'https://oauth2.googleapis.com/token',
  };
}
