import { Writable } from 'node:stream';
import { localPath } from '../../config/local-path.ts';
import type { Settings } from '../../config/settings.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { Backup, Backups, Kept, Proof } from '../backups.ts';
import { isOffMachine, type Repository, repositoryOf } from './repository.ts';
import { type ResticOptions, type ResticResult, restic } from './restic.ts';
import { keptIn, tagsOfProof } from './snapshots.ts';

/** In the words of restic's many ways to a repository; that a host does not answer is something else. repository.sh knows the same ones. */
export const NOT_MADE_YET = /config file: [^|]*(not exist|no such file)|repository does not exist/i;

/** What restic says of data that is not as it was written, or gone. */
const DAMAGED = /ciphertext|does not exist|unexpected EOF|\bhash\b|no matching ID|not found in index/i;

/** Backups in a restic repository, read by this computer's own restic. */
export function resticBackups(settings: Settings, { listLimitMs }: { readonly listLimitMs?: number } = {}): Backups {
  const { repository: address } = settings.config.backup;
  const offMachine = isOffMachine(address);
  const trust = trustOf(settings);
  const open = (doing: string): Repository => openFromHere(settings, doing);
  return {
    configured: address !== '',
    offMachine,
    list: async (limitMs = listLimitMs) => {
      if (address === '' || !offMachine) return NOTHING;
      const result = await restic(open('listing the backups'), ['--no-lock', 'snapshots', '--json'], {
        trust,
        limitMs,
      });
      if (result.code === 0) return keptIn(result.output);
      if (NOT_MADE_YET.test(result.problem)) return NOTHING;
      throw unreadable('listing the backups', result);
    },
    prove: (proof) => write(open('writing down what was proved'), settings, proof, trust),
    verify: (backup) => fetchAll(open(`verifying backup ${backup.name}`), backup, '/', { trust, to: nowhere() }),
    write: (backup, to) => fetchAll(open(`fetching backup ${backup.name}`), backup, '/state', { trust, to }),
  };
}

/** BACKUP_MISSING where there is none that this computer can read. */
export function openFromHere(settings: Settings, doing: string): Repository {
  const { repository: address } = settings.config.backup;
  const repository = isOffMachine(address) ? repositoryOf(settings) : undefined;
  if (repository === undefined) throw outOfReach(doing, address);
  return repository;
}

/** File with certificates that its host may show besides the usual ones. */
export function trustOf({ config, directory }: Settings): string | undefined {
  return config.tls.extra_ca === '' ? undefined : localPath(directory, config.tls.extra_ca);
}

const NOTHING: Kept = { backups: [], proof: undefined };

/** A small snapshot of its own: nothing that is there is changed for it. */
async function write(
  repository: Repository,
  { publicName }: Settings,
  proof: Proof,
  trust: string | undefined,
): Promise<void> {
  const time = new Date(proof.at * 1000).toISOString().slice(0, 19).replace('T', ' ');
  const words = ['backup', '--stdin', '--stdin-filename', 'proof.json', '--host', publicName, '--time', time];
  const input = `${JSON.stringify(proof)}\n`;
  const result = await restic(repository, [...words, '--tag', tagsOfProof(proof)], { trust, input });
  if (result.code !== 0) throw unreadable('writing down what was proved', result);
}

/** restic checks every part against its name, which is its checksum, before it gives it out. */
async function fetchAll(
  repository: Repository,
  { name, id }: Backup,
  path: string,
  options: ResticOptions,
): Promise<void> {
  const result = await restic(repository, ['--no-lock', 'dump', '--archive', 'tar', id, path], options);
  if (result.code === 0) return;
  if (!DAMAGED.test(result.problem)) throw unreadable(`fetching backup ${name}`, result);
  throw new AnnyError('BACKUP_CORRUPT', {
    doing: `reading backup ${name}`,
    found: result.problem,
    next: 'choose another: anny-bluegreen backup list, then restore --backup NAME',
  });
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

function unreadable(doing: string, { problem }: ResticResult): AnnyError {
  return new AnnyError('BACKUP_UNREADABLE', {
    doing,
    found: problem || 'restic failed and said nothing',
    next: 'check backup.repository, ANNY_BACKUP_PASSWORD and the credentials in .env, and that this computer reaches the host',
  });
}

function outOfReach(doing: string, address: string): AnnyError {
  return new AnnyError('BACKUP_MISSING', {
    doing,
    found:
      address === ''
        ? 'backup.repository is empty: there are no backups'
        : `backup.repository is a path on the machine (${address}), which this computer cannot read`,
    next: 'set backup.repository to a place off the machine: s3:…, sftp:… or rest:…',
  });
}
