import { readFile } from 'node:fs/promises';
import { NodeSSH } from 'node-ssh';
import { AnnyError } from '../operation/errors.ts';
import { fingerprintOfBlob } from './host-key.ts';
import type { RunOptions, ShellAddress } from './shell.ts';

const SSH_PORT = 22;
const CONNECT_TIMEOUT_MS = 10_000;
const OUTPUT_LIMIT_CHARS = 4_000_000;

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One SSH connection to a machine; every command is a channel on it, so that `ufw limit` counts one. */
export interface Connection {
  exec(command: string, options?: RunOptions): Promise<ExecResult>;
  close(): Promise<void>;
}

/** Connects once. Only the pinned host key is accepted; anything else is HOST_KEY_MISMATCH, at once. */
export async function connect(
  target: ShellAddress & { readonly timeoutMs?: number; readonly port?: number },
): Promise<Connection> {
  const ssh = new NodeSSH();
  const seen: string[] = [];
  try {
    await ssh.connect({
      host: target.address,
      port: target.port ?? SSH_PORT,
      username: target.user,
      privateKey: await readFile(target.privateKeyPath, 'utf8'),
      readyTimeout: Math.min(CONNECT_TIMEOUT_MS, target.timeoutMs ?? CONNECT_TIMEOUT_MS),
      keepaliveInterval: 5_000,
      keepaliveCountMax: 3,
      algorithms: { serverHostKey: ['ssh-ed25519'] },
      hostVerifier: (key: Buffer) => {
        const fingerprint = fingerprintOfBlob(key);
        seen.push(fingerprint);
        return fingerprint === target.hostKeyFingerprint;
      },
    });
  } catch (cause) {
    ssh.dispose();
    throw connectError(target, seen.at(-1), cause);
  }
  ssh.connection?.on('error', () => undefined);
  return {
    exec: (command, options = {}) => exec(ssh, target.address, command, options),
    close: async () => ssh.dispose(),
  };
}

function connectError(target: ShellAddress, seen: string | undefined, cause: unknown): AnnyError {
  const doing = `connecting to ${target.user}@${target.address} over SSH`;
  if (seen !== undefined && seen !== target.hostKeyFingerprint) {
    return new AnnyError('HOST_KEY_MISMATCH', {
      doing,
      found: `the machine shows host key ${seen}, not ${target.hostKeyFingerprint}, which it was made with`,
      next: 'somebody else answers at this address, or the machine was set up again by hand: find out before anything else',
      cause,
    });
  }
  const found = cause instanceof Error ? cause.message : String(cause);
  return new AnnyError('MACHINE_UNREACHABLE', {
    doing,
    found: isAuthentication(cause) ? `it does not let this SSH key in: ${found}` : found,
    next: `check that the machine runs, that its firewall lets you in on port 22, and the key ${target.privateKeyPath}`,
    cause,
  });
}

/** The machine itself answered, by its pinned host key, and wants another key than this computer's. */
export function isKeyRefused(error: AnnyError): boolean {
  return error.code === 'MACHINE_UNREACHABLE' && isAuthentication(error.cause);
}

function isAuthentication(cause: unknown): boolean {
  return cause instanceof Error && 'level' in cause && cause.level === 'client-authentication';
}

function exec(ssh: NodeSSH, address: string, command: string, options: RunOptions): Promise<ExecResult> {
  const client = ssh.connection;
  if (client === null) return Promise.reject(lost(address, command, 'the connection is closed'));
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const dropped = (): void => reject(lost(address, command, 'the connection broke'));
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      client.off('close', dropped);
      act();
    };
    client.once('close', dropped);
    client.exec(command, (error, channel) => {
      if (error !== undefined) return settle(() => reject(lost(address, command, error.message)));
      let stdout = '';
      let stderr = '';
      let code: number | undefined;
      const lines = lineSplitter(options.onLine);
      if (options.timeoutMs !== undefined) {
        timer = setTimeout(() => {
          channel.close();
          settle(() => reject(lost(address, command, `no end after ${options.timeoutMs} ms`)));
        }, options.timeoutMs);
      }
      channel.on('data', (chunk: Buffer) => {
        if (options.stdout !== undefined) options.stdout.write(chunk);
        else if (stdout.length < OUTPUT_LIMIT_CHARS) stdout += chunk.toString();
        lines(chunk);
      });
      channel.stderr.on('data', (chunk: Buffer) => {
        if (stderr.length < OUTPUT_LIMIT_CHARS) stderr += chunk.toString();
        lines(chunk);
      });
      channel.on('exit', (exit: number | null) => {
        code = exit ?? 255;
      });
      channel.on('close', () =>
        settle(() =>
          code === undefined
            ? reject(lost(address, command, 'the connection ended before the command did'))
            : resolve({ code, stdout, stderr }),
        ),
      );
      if (options.stdin === undefined) channel.end();
      else options.stdin.on('error', () => channel.close()).pipe(channel);
    });
  });
}

function lineSplitter(onLine: ((line: string) => void) | undefined): (chunk: Buffer) => void {
  if (onLine === undefined) return () => undefined;
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk.toString()).split(/\r?\n|\r/);
    rest = parts.pop() ?? '';
    for (const line of parts) if (line.trim() !== '') onLine(line);
  };
}

function lost(address: string, command: string, found: string): AnnyError {
  return new AnnyError('MACHINE_UNREACHABLE', {
    doing: `running ${command.slice(0, 60).split('\n')[0]} on ${address}`,
    found,
    next: 'run the same command again: every step is safe to do again',
  });
}
