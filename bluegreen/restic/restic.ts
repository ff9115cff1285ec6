import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { masker } from '../../config/mask.ts';
import { AnnyError } from '../../operation/errors.ts';
import { writeProblem } from '../write-problem.ts';
import { type Repository, repositoryFiles } from './repository.ts';

const END_TIMEOUT_MS = 5000;

export interface ResticResult {
  readonly code: number;
  /** What it said is wrong, without the passwords. */
  readonly problem: string;
  /** "" when it was given somewhere to write to. */
  readonly output: string;
}

export interface ResticOptions {
  /** File with certificates to trust besides the usual ones. */
  readonly trust?: string | undefined;
  readonly to?: Writable | undefined;
  readonly input?: string | undefined;
  /** When it is ended, whatever it does; never if not given. */
  readonly limitMs?: number | undefined;
  /** Ends it in good order: it takes its lock away. */
  readonly interrupt?: AbortSignal | undefined;
}

/** Runs restic on this computer. What opens the repository is in files of this user's alone, for as long as it runs. */
export async function restic(
  repository: Repository,
  words: readonly string[],
  { trust, ...wish }: ResticOptions = {},
): Promise<ResticResult> {
  const directory = await mkdtemp(join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), 'anny-restic-'));
  // Also where the program leaves at once.
  const forget = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', forget);
  try {
    for (const [path, text] of Object.entries(repositoryFiles(repository))) {
      await writeFile(join(directory, path.replace('backup/', '')), text, { mode: 0o600 });
    }
    const file = (name: string): string => join(directory, name);
    if (trust !== undefined) {
      await writeFile(file('ca.pem'), [...rootCertificates, await readFile(trust, 'utf8')].join('\n'));
    }
    const options = [
      ...['--quiet', '--repository-file', file('repository'), '--password-file', file('password')],
      ...(trust === undefined ? [] : ['--cacert', file('ca.pem')]),
      ...(repository.sshTarget.length === 0 ? [] : ['-o', `sftp.command=${sshCommand(repository, file)}`]),
    ];
    return await run(repository, [...options, ...words], file('credentials'), wish);
  } catch (error) {
    throw writeProblem(error, `running restic ${words.find((word) => !word.startsWith('-')) ?? ''}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
    process.off('exit', forget);
  }
}

async function run(
  repository: Repository,
  words: readonly string[],
  credentials: string,
  { to, input, limitMs, interrupt }: Omit<ResticOptions, 'trust'>,
): Promise<ResticResult> {
  // Whatever else is set for restic here is for other repositories.
  const kept = Object.entries(process.env).filter(([name]) => !/^(RESTIC_|AWS_)/.test(name));
  const env = { ...Object.fromEntries(kept), TZ: 'UTC', AWS_SHARED_CREDENTIALS_FILE: credentials };
  const child = spawn('restic', words, { stdio: ['pipe', 'pipe', 'pipe'], env, timeout: limitMs });
  const closed = once(child, 'close');
  const end = (): boolean => child.kill('SIGINT');
  interrupt?.addEventListener('abort', end, { once: true });
  if (interrupt?.aborted) end();
  // It may end before it has read anything: its exit code says why.
  child.stdin.on('error', () => undefined).end(input);
  try {
    // One of them may fail while another is still going on.
    const [[code], text, said] = await Promise.all([
      closed,
      to === undefined ? child.stdout.setEncoding('utf8').toArray() : pipeline(child.stdout, to),
      child.stderr.setEncoding('utf8').toArray(),
    ]);
    const ended = code === null && limitMs !== undefined ? [`it did not end within ${limitMs / 1000} s`] : [];
    return {
      code: typeof code === 'number' ? code : 1,
      problem: withoutSecrets(repository, said.join(''))
        .trim()
        .split('\n')
        .slice(-4)
        .concat(ended)
        .filter((line) => line !== '')
        .join(' | '),
      output: text === undefined ? '' : text.join(''),
    };
  } catch (error) {
    child.kill();
    await Promise.race([closed.catch(() => undefined), sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new AnnyError('PROGRAM_MISSING', {
      doing: 'reading the backup repository',
      found: 'restic is not installed on this computer',
      next: 'install it (apt-get install restic, or brew install restic), then run the same command again',
      cause: error,
    });
  } finally {
    interrupt?.removeEventListener('abort', end);
  }
}

function sshCommand({ sshTarget }: Repository, file: (name: string) => string): string {
  const options = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=yes', 'ConnectTimeout=10'];
  const hosts = [`UserKnownHostsFile=${file('known_hosts')}`, 'GlobalKnownHostsFile=/dev/null'];
  const words = ['ssh', '-F', '/dev/null', '-i', file('ssh_key'), ...[...options, ...hosts].flatMap((o) => ['-o', o])];
  return [...words, ...sshTarget, '-s', 'sftp'].join(' ');
}

function withoutSecrets({ password, address, credentials }: Repository, text: string): string {
  const inAddress = /^rest:https?:\/\/[^/:@]+:([^/@]+)@/.exec(address)?.[1] ?? '';
  const keys = [...credentials.matchAll(/=(\S+)$/gm)].map(([, key = '']) => key);
  return masker([password, inAddress, decodeURIComponent(inAddress), ...keys])(text);
}
