import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { systemClock } from '../../operation/system-clock.ts';
import { waitFor } from '../../operation/wait.ts';
import { makeSshKey } from '../ssh-key.ts';

/** A place for a repository, as config.yaml and .env name it, for as long as it is open. */
export interface StorageHost {
  readonly config: { readonly repository: string; readonly ssh_host_key?: string };
  readonly secrets: Readonly<Record<string, string>>;
  /** By the name that it has beside .env. */
  readonly files: ReadonlyMap<string, string>;
  close(): void;
}

const SFTP_PORT = 2222;
const S3_PORT = 9000;
/** An S3 server that checks keys: `pip install nanio`. */
const S3_SERVER = 'nanio';

export const hasS3Server = spawnSync('sh', ['-c', `command -v ${S3_SERVER}`]).status === 0;

/** OpenSSH's server with its SFTP, for one key. */
export async function openSftpHost(address: string, directory: string): Promise<StorageHost> {
  const at = (name: string): string => join(directory, name);
  const [mine, hosts] = [makeSshKey(systemClock), makeSshKey(systemClock)];
  await mkdir(at('repository'), { recursive: true });
  // Where sshd leaves its privileges.
  await mkdir('/run/sshd', { recursive: true });
  await writeFile(at('host_key'), hosts.privateKey, { mode: 0o600 });
  await writeFile(at('authorized_keys'), `${mine.publicKey}\n`, { mode: 0o600 });
  const lines = [
    ...[`ListenAddress ${address}:${SFTP_PORT}`, `HostKey ${at('host_key')}`, 'PidFile none', 'StrictModes no'],
    ...[`AuthorizedKeysFile ${at('authorized_keys')}`, 'AuthenticationMethods publickey', 'UsePAM no'],
    ...['PermitRootLogin prohibit-password', 'Subsystem sftp internal-sftp', 'ForceCommand internal-sftp'],
  ];
  await writeFile(at('config'), `${lines.join('\n')}\n`);
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', at('config')], { stdio: 'ignore' });
  return {
    config: {
      repository: `sftp://${userInfo().username}@${address}:${SFTP_PORT}/${at('repository')}`,
      ssh_host_key: hosts.publicKey.split(' ').slice(0, 2).join(' '),
    },
    secrets: {},
    files: new Map([['backup/ssh_key', mine.privateKey]]),
    close: () => void child.kill(),
  };
}

export async function openS3Host(address: string, directory: string): Promise<StorageHost> {
  const [id, key] = ['trial-access-key-id0', 'trial-secret-access-key0'];
  const env = { ...process.env, NANIO_ACCESS_KEY: id, NANIO_SECRET_KEY: key };
  const words = ['serve', '--data-dir', directory, '--host', address, '--port', String(S3_PORT)];
  const child = spawn(S3_SERVER, words, { stdio: 'ignore', env });
  const url = `http://${address}:${S3_PORT}`;
  await answers(child, url);
  return {
    config: { repository: `s3:${url}/bucket/anny` },
    secrets: { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key },
    files: new Map(),
    close: () => void child.kill(),
  };
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  const wait = { what: S3_SERVER, timeoutMs: 20_000, intervalMs: 100, next: `run ${S3_SERVER} by hand` };
  await waitFor(systemClock, wait, async () => {
    if (child.exitCode !== null) throw new Error(`${S3_SERVER} ended: exit ${child.exitCode}`);
    const answer = await request(url).catch((error: Error) => error);
    return answer instanceof Error ? { not: answer.message } : { done: await answer.body.dump() };
  });
}
