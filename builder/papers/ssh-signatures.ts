import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localPath } from '../../config/local-path.ts';
import type { Settings } from '../../config/settings.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { Signatures } from './signatures.ts';

/** Keeps these signatures apart from all others that the key makes (PROTOCOL.sshsig of OpenSSH). */
const NAMESPACE = 'anny-image';
const TIMEOUT_MS = 20_000;

/** By the key that config.yaml names for it. */
export function signaturesOf({ config, directory }: Pick<Settings, 'config' | 'directory'>): Signatures {
  const { infra, image } = config;
  return sshSignatures(localPath(directory, image.signing_key === '' ? infra.ssh_private_key : image.signing_key));
}

/** Signs with an SSH key by OpenSSH's own program: nothing new to install, nothing new to keep secret. */
export function sshSignatures(privateKeyPath: string): Signatures {
  return {
    sign: async (text) => {
      const { code, stdout, stderr } = await sshKeygen(['-Y', 'sign', '-f', privateKeyPath, '-n', NAMESPACE], text);
      if (code === 0 && stdout.includes('BEGIN SSH SIGNATURE')) return stdout;
      throw new AnnyError('SIGNING_FAILED', {
        doing: `signing with ${privateKeyPath}`,
        found: lastLine(stderr) || `ssh-keygen ended with ${code}`,
        next: 'image.signing_key in config.yaml names the private key (default: infra.ssh_private_key)',
      });
    },
    signer: (text, signature) =>
      withFile(signature, async (path) => {
        const { code, stdout } = await sshKeygen(['-Y', 'check-novalidate', '-n', NAMESPACE, '-s', path], text);
        return code === 0 ? /SHA256:\S+/.exec(stdout)?.[0] : undefined;
      }),
  };
}

async function withFile<T>(content: string, use: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-signature-'));
  try {
    const path = join(directory, 'signature');
    await writeFile(path, content, { mode: 0o600 });
    return await use(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function sshKeygen(words: readonly string[], stdin: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    // Nobody is asked for a passphrase: an agent has the key, or it has none.
    const env = { ...process.env, LC_ALL: 'C', SSH_ASKPASS_REQUIRE: 'never' };
    const child = execFile('ssh-keygen', [...words], { timeout: TIMEOUT_MS, env }, (error, stdout, stderr) => {
      if (error !== null && 'code' in error && error.code === 'ENOENT') return reject(noSshKeygen(error));
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ code, stdout, stderr });
    });
    // A program that refuses its arguments reads nothing.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}

function noSshKeygen(cause: unknown): AnnyError {
  return new AnnyError('SIGNING_FAILED', {
    doing: 'signing an image',
    found: 'this computer has no ssh-keygen',
    next: 'install OpenSSH (apt-get install openssh-client), 8.2 or newer',
    cause,
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
