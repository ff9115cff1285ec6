import type { Readable, Writable } from 'node:stream';

/** A machine as the builder sees it: root's shell over one SSH connection with a pinned host key. */
export interface Shell {
  readonly address: string;
  /** Runs a script with `bash -euo pipefail`; a non-zero exit is a COMMAND_FAILED error with the last lines of its output. */
  run(script: string, options?: RunOptions): Promise<string>;
  /** As `run`, but any exit code is an answer. */
  attempt(
    script: string,
    options?: RunOptions,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** Writes a whole file: temporary file, then rename. `mode` as in 0o644. */
  put(path: string, content: string | Uint8Array, options: { mode: number; owner?: string }): Promise<void>;
  close(): Promise<void>;
}

/** How the builder comes to a shell. */
export interface Shells {
  /** Fails with MACHINE_UNREACHABLE while nothing answers there, and with HOST_KEY_MISMATCH when somebody else does. */
  open(target: ShellAddress): Promise<Shell>;
}

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly onLine?: (line: string) => void;
}

/** How to reach a machine: the private key never leaves the operator's side. */
export interface ShellAddress {
  readonly address: string;
  /** `anny-bake` on a machine that is being baked or tested, `deploy` on a release. */
  readonly user: 'anny-bake' | 'deploy';
  /** Path of the operator's private key. */
  readonly privateKeyPath: string;
  /** "SHA256:…" as ssh-keygen -lf prints it: the only host key that is accepted. */
  readonly hostKeyFingerprint: string;
}
