import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { Decrypter } from 'age-encryption';
import { AnnyError } from '../operation/errors.ts';
import type { BackupFile, Backups } from './backups.ts';

const NAME = /^(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})\.tar\.age$/;

export interface BackupStoreOptions {
  /** Directory on the operator's side; made when it is missing. */
  readonly directory: string;
  readonly recipients: readonly string[];
  /** "AGE-SECRET-KEY-1…"; undefined when it is not set. */
  readonly identity: () => string | undefined;
  readonly retentionDays: number;
}

/** Encrypted archives in a directory, readable by its owner alone. */
export function backupStore(options: BackupStoreOptions): Backups {
  return {
    configured: options.recipients.length > 0,
    list: () => list(options.directory),
    save: (archive, what) => save(options, archive, what),
    verify: async (backup) => finished((await openArchive(options, backup)).resume()),
    open: (backup) => openArchive(options, backup),
  };
}

async function list(directory: string): Promise<readonly BackupFile[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = await Promise.all(
    names
      .filter((name) => NAME.test(name))
      .map(async (name) => ({ name, at: timeOf(name), bytes: (await stat(join(directory, name))).size })),
  );
  return files.sort((a, b) => b.at - a.at);
}

function timeOf(name: string): number {
  const [, year, month, day, hour, minute, second] = NAME.exec(name) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) / 1000;
}

function nameFor(at: number): string {
  const [day, time] = new Date(at * 1000).toISOString().replaceAll(/[-:]/g, '').split('T');
  return `${day}-${time?.slice(0, 6)}.tar.age`;
}

async function save(
  options: BackupStoreOptions,
  archive: Readable,
  what: { readonly at: number; readonly sha256: string; readonly bytes: number },
): Promise<BackupFile> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const path = join(options.directory, nameFor(what.at));
  const partial = `${path}.partial`;
  const hash = createHash('sha256');
  const counting = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(archive, counting, createWriteStream(partial, { mode: 0o600, flush: true }));
    if (hash.digest('hex') !== what.sha256) {
      throw new AnnyError('BACKUP_CORRUPT', {
        doing: 'fetching the backup',
        found: 'what arrived has another checksum than what the machine made',
        next: 'run the same command again',
      });
    }
    await rename(partial, path);
    await syncDirectory(options.directory);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await forgetOld(options, what.at);
  return { name: basename(path), at: what.at, bytes: what.bytes };
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Older than the retention goes, but never the newest ones: they may be all there is. */
async function forgetOld(options: BackupStoreOptions, now: number): Promise<void> {
  const keepAtLeast = 3;
  const oldest = now - options.retentionDays * 86_400;
  const old = (await list(options.directory)).slice(keepAtLeast).filter(({ at }) => at < oldest);
  await Promise.all(old.map(({ name }) => rm(join(options.directory, name))));
}

async function openArchive(options: BackupStoreOptions, backup: BackupFile): Promise<Readable> {
  const identity = options.identity();
  if (identity === undefined) {
    throw new AnnyError('SECRET_MISSING', {
      doing: `opening backup ${backup.name}`,
      found: 'ANNY_BACKUP_IDENTITY is not set',
      next: 'put the age identity (AGE-SECRET-KEY-1…) that belongs to backup.recipients into .env',
    });
  }
  const path = join(options.directory, backup.name);
  const corrupt = (cause: unknown): AnnyError =>
    new AnnyError('BACKUP_CORRUPT', {
      doing: `decrypting backup ${backup.name}`,
      found: cause instanceof Error ? cause.message : String(cause),
      next: 'choose another: restore --backup NAME; or the identity in .env is not the one of backup.recipients',
      cause,
    });
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const plain = await decrypter.decrypt(Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>);
    return Readable.from(orElse(Readable.fromWeb(plain as Parameters<typeof Readable.fromWeb>[0]), corrupt));
  } catch (error) {
    throw corrupt(error);
  }
}

/** What a stream gives; where it breaks, with an error that says more. */
async function* orElse(stream: Readable, better: (cause: unknown) => AnnyError): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw better(error);
  }
}
