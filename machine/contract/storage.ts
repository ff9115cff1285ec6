import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { repositoryFiles, repositoryOf } from '../../bluegreen/restic/repository.ts';
import { resticBackups } from '../../bluegreen/restic/restic-backups.ts';
import { configSchema } from '../../config/schema.ts';
import type { Settings } from '../../config/settings.ts';
import { write } from '../trial/asking.ts';
import { begin, blue, green, ground, STATE, secrets } from '../trial/pair.ts';
import { hasS3Server, openS3Host, openSftpHost, type StorageHost } from '../trial/storage-hosts.ts';

/** The local cloud's own host speaks REST; these are the other ways, each with a real server. */
export function storageContract(): void {
  describe('a repository elsewhere', () => {
    beforeAll(begin);

    it('by SFTP: is made, written, tidied and restored by machines, and read by the operator', () =>
      there(openSftpHost));

    it.skipIf(!hasS3Server)(`by S3${hasS3Server ? '' : ' (skipped: nanio is not installed here)'}: the same`, () =>
      there(openS3Host),
    );
  });
}

async function there(open: (address: string, directory: string) => Promise<StorageHost>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-storage-'));
  const host = await open(ground.place.gateway, directory);
  try {
    const settings = settingsFor(host);
    const repository = repositoryOf(settings) ?? expect.fail('no repository');
    const files = { ...secrets(), ...repositoryFiles(repository) };
    await Promise.all([blue, green].map((one) => one.box.secrets(files)));
    const { kept } = await write(blue, 'elsewhere');
    const { id, digest } = await blue.box.backup();
    expect(JSON.parse(await blue.root('anny-box tend'))).toEqual({});
    expect(await green.box.restore(id)).toMatchObject({ digest });
    await green.root(`grep -qx '${kept[0]}' ${STATE}/ledger`);
    const backups = resticBackups(settings);
    const [listed] = (await backups.list()).backups;
    expect(listed).toMatchObject({ id });
    const out = new PassThrough();
    const [, tar] = await Promise.all([backups.write(listed ?? expect.fail('none'), out), buffer(out)]);
    expect(tar.includes(kept[0] ?? 'nothing')).toBe(true);
  } finally {
    host.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function settingsFor({ config, secrets, files }: StorageHost): Settings {
  return {
    ...ground.settings,
    config: configSchema.parse({ backup: config }),
    secret: (name) => ({ ANNY_BACKUP_PASSWORD: 'of the trial', ...secrets })[name],
    secretValues: () => files,
  };
}
