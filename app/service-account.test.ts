import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readServiceAccount } from './service-account.ts';
import { newDirectory } from './test/directory.ts';
import { runToEnd } from './test/process.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const PUBLIC = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const GOOD = {
  type: 'service_account',
  project_id: 'anny-project',
  private_key_id: '0123456789',
  private_key: PEM,
  client_email: 'anny@anny-project.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
  universe_domain: 'googleapis.com',
};

async function fileWith(content: string): Promise<string> {
  const path = join(await newDirectory(), 'service-account.json');
  await writeFile(path, content);
  return path;
}

describe('the service account', () => {
  it('is loaded with every field', async () => {
    expect(readServiceAccount(await fileWith(JSON.stringify(GOOD)))).toEqual(GOOD);
  });

  it('may be absent', () => {
    expect(readServiceAccount('/no/such/file.json')).toBeUndefined();
  });

  it.each([
    ['type', { ...GOOD, type: 'authorized_user' }],
    ['project_id', { ...GOOD, project_id: '' }],
    ['private_key', { ...GOOD, private_key: PEM.slice(0, 300) }],
    ['private_key', { ...GOOD, private_key: PUBLIC }],
    ['client_email', { ...GOOD, client_email: 'nobody' }],
    ['token_uri', { ...GOOD, token_uri: 'http://oauth2.googleapis.com/token' }],
    ['private_key, token_uri', { ...GOOD, private_key: undefined, token_uri: undefined }],
    ['the whole file', ['a list']],
  ])('is refused by the name of what is wrong, %s, and nothing that stands in it', async (field, content) => {
    const path = await fileWith(JSON.stringify(content));
    expect(() => readServiceAccount(path)).toThrow(`is wrong in: ${field}. Download the key again`);
  });

  it('is refused when it is torn, and does not quote what it holds', async () => {
    const path = await fileWith(JSON.stringify(GOOD).slice(0, 200));
    expect(() => readServiceAccount(path)).toThrow(/is not JSON/);
    expect(() => readServiceAccount(path)).not.toThrow(/PRIVATE KEY/);
  });

  it('is refused when it is a directory, as Docker makes for a missing mount', async () => {
    const path = join(await newDirectory(), 'service-account.json');
    await mkdir(path);
    expect(() => readServiceAccount(path)).toThrow(/cannot be read: EISDIR/);
  });

  it('stops the start when it is wrong', { timeout: 30_000 }, async () => {
    const path = await fileWith('{');
    const { code, output } = await runToEnd(await newDirectory(), { ANNY_SERVICE_ACCOUNT_PATH: path });
    expect(code).toBe(1);
    expect(output).toBe(
      `Anny does not start. The service account file ${path} is not JSON. Download the key again, as JSON.\n`,
    );
  });
});
