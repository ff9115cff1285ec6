import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { publicKeys } from './public-keys.ts';

const OWN = `ssh-ed25519 ${'A'.repeat(68)} own`;
const ANN = `ssh-ed25519 ${'B'.repeat(68)}`;
const BOB = `ssh-ed25519 ${'C'.repeat(68)}`;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anny-public-keys-'));
  await writeFile(join(directory, 'key.pub'), `${OWN}\n`);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const declared = (infra: object) =>
  publicKeys({ config: configSchema.parse({ infra: { ssh_private_key: 'key', ...infra } }), directory });

describe('the SSH keys that are declared', () => {
  it('are the own one, and those that config.yaml lists', async () => {
    expect(await declared({ ssh_key_name: 'me', foundation: { ssh_keys: { ann: ANN } } })).toEqual({
      me: OWN,
      ann: ANN,
    });
  });

  it('are, for several operators, all that are listed; the one that is not is this computer’s', async () => {
    const names = { ssh_key_names: ['me', 'ann', 'bob'] };
    expect(await declared({ ...names, foundation: { ssh_keys: { ann: ANN, bob: BOB } } })).toEqual({
      ...{ me: OWN, ann: ANN, bob: BOB },
    });
    const all = { me: OWN, ann: ANN, bob: BOB };
    expect(await declared({ ...names, foundation: { ssh_keys: all } })).toEqual(all);
  });

  it('must be listed where nobody could say which one is this computer’s', async () => {
    await expect(declared({ ssh_key_names: ['me', 'ann'] })).rejects.toThrow(
      'the public keys of me, ann are not known here',
    );
  });
});
