import type { Settings } from '../../config/settings.ts';
import { AnnyError } from '../../operation/errors.ts';

/** Where backups are kept, and what opens it. All of it is secret: an address may hold a password. */
export interface Repository {
  readonly address: string;
  readonly password: string;
  /** In the form of AWS's credentials file; "" where none are needed. */
  readonly credentials: string;
  /** For SFTP: the private key, and the line of known_hosts; "" else. */
  readonly sshKey: string;
  readonly knownHosts: string;
  /** User and host of an SFTP repository, as ssh takes them. */
  readonly sshTarget: readonly string[];
}

/** A path is on the machine that makes the backups. */
export function isOffMachine(address: string): boolean {
  return !address.startsWith('/');
}

/** "ewr1.vultrobjects.com" of "s3:https://ewr1.vultrobjects.com/bucket"; "" of a path. */
export function hostOf(address: string): string {
  if (address.startsWith('sftp:')) return sshTargetOf(address).host;
  return /^(?:s3|rest):https?:\/\/(?:[^/@]+@)?([^/:]+)/.exec(address)?.[1] ?? '';
}

/** undefined when backup.repository is empty. SECRET_MISSING names what is not set. */
export function repositoryOf({ config, secret, secretValues }: Settings): Repository | undefined {
  const { repository: address, ssh_host_key: hostKey } = config.backup;
  if (address === '') return undefined;
  const need = (name: string): string => secret(name) ?? missing(name);
  const password = need('ANNY_BACKUP_PASSWORD');
  const plain = { address, password, credentials: '', sshKey: '', knownHosts: '', sshTarget: [] };
  if (address.startsWith('s3:')) {
    const id = need('AWS_ACCESS_KEY_ID');
    const key = need('AWS_SECRET_ACCESS_KEY');
    return { ...plain, credentials: `[default]\naws_access_key_id=${id}\naws_secret_access_key=${key}\n` };
  }
  const user = /^(rest:https?:\/\/[^/@]+)@/.exec(address)?.[1];
  if (user !== undefined) {
    const rest = address.slice(user.length);
    return { ...plain, address: `${user}:${encodeURIComponent(need('RESTIC_REST_PASSWORD'))}${rest}` };
  }
  if (!address.startsWith('sftp:')) return plain;
  const sshKey = secretValues().get('backup/ssh_key') ?? missing('ANNY_BACKUP_SSH_KEY_FILE');
  if (hostKey === '') throw noHostKey();
  const { target, host, port } = sshTargetOf(address);
  const knownHosts = `${port === '22' ? host : `[${host}]:${port}`} ${hostKey}\n`;
  return { ...plain, sshKey, knownHosts, sshTarget: ['-p', port, target] };
}

/** "sftp:USER@HOST:/PATH", or "sftp://USER@HOST:PORT//PATH". */
function sshTargetOf(address: string) {
  const url = /^sftp:\/\/([^/:]+)(?::(\d+))?\//.exec(address);
  const target = url?.[1] ?? address.slice('sftp:'.length).split(':')[0] ?? '';
  return { target, host: target.split('@').at(-1) ?? '', port: url?.[2] ?? '22' };
}

/** As a machine has them, by their path under /opt/anny. */
export function repositoryFiles(repository: Repository): Readonly<Record<string, string>> {
  const { address, password, credentials, sshKey, knownHosts } = repository;
  const files = { repository: address, password, credentials, ssh_key: sshKey, known_hosts: knownHosts };
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, text]) => (text === '' ? [] : [[`backup/${name}`, withEnd(text)]])),
  );
}

/** ssh refuses a key whose last line has no end. */
function withEnd(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function missing(name: string): never {
  throw new AnnyError('SECRET_MISSING', {
    doing: 'opening the backup repository',
    found: `${name} is not set`,
    next: 'set it in .env or the environment (see .env.example); for no backups at all: backup.repository: ""',
  });
}

function noHostKey(): AnnyError {
  return new AnnyError('CONFIG_INVALID', {
    doing: 'opening the backup repository',
    found: 'backup.ssh_host_key is empty, and no connection is made to an unknown key',
    next: '`ssh-keyscan -t ed25519 HOST` tells the key; compare it with what the provider says, and set it in config.yaml',
  });
}
