import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, onTestFinished, test } from 'vitest';
import { backupStore } from './backup-store.ts';

const TEXT = 'what the app remembers\n'.repeat(20_000);

/** A store with one backup in it, and the path of its file. */
async function stored() {
  const directory = await mkdtemp(join(tmpdir(), 'anny-store-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const bytes = await encrypter.encrypt(TEXT);
  const store = backupStore({ directory, recipients: [recipient], identity: () => identity, retentionDays: 7 });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const backup = await store.save(Readable.from([bytes]), { at: 1_767_225_600, bytes: bytes.length, sha256 });
  return { store, backup, path: join(directory, backup.name) };
}

test('a backup that is whole is found whole, and opens to what it was made of', async () => {
  const { store, backup } = await stored();
  await expect(store.verify(backup)).resolves.toBeUndefined();
  expect((await buffer(await store.open(backup))).toString()).toBe(TEXT);
});

async function rot(path: string): Promise<void> {
  const bytes = await readFile(path);
  const last = bytes.length - 10;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

test.each([
  ['one bit of it has changed', rot],
  ['its end is missing', (path: string) => truncate(path, 300_000)],
])('a backup is found corrupt when %s', async (_how, harm) => {
  const { store, backup, path } = await stored();
  await harm(path);
  await expect(store.verify(backup)).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' });
});
