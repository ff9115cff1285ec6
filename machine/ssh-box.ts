import { Readable } from 'node:stream';
import { z } from 'zod';
import { AnnyError, type ErrorCode } from '../operation/errors.ts';
import { systemClock } from '../operation/system-clock.ts';
import type { Box, Machines } from './box.ts';
import {
  healthSchema,
  heldStateSchema,
  historyEntrySchema,
  madeBackupSchema,
  manifestSchema,
  processesSchema,
  secretChangeSchema,
  statusSchema,
  trafficSchema,
} from './box.ts';
import { type Connection, connect } from './ssh.ts';
import { quote } from './ssh-shell.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
const TRANSFER_TIMEOUT_MS = 3_600_000;
/** The app ends and starts, twice where the first start comes to nothing. */
const RESTART_TIMEOUT_MS = 180_000;

const nothing = z.object({});
const failure = z.object({
  error: z.string(),
  next: z.string(),
  busy: z.literal(true).optional(),
  lease: z.number().optional(),
  /** What the app wrote last. */
  lines: z.string().optional(),
});

/** Token of the lease that the caller holds; undefined for none. */
export type Token = () => number | undefined;

/** Machines reached over SSH as `deploy`, who may run `anny-box` and nothing else. */
export function sshMachines(privateKeyPath: string, token: Token = () => undefined): Machines {
  return {
    connect: async ({ address, hostKeyFingerprint, untilMs = Number.POSITIVE_INFINITY }) =>
      boxOn(
        await connect({ address, user: 'deploy', privateKeyPath, hostKeyFingerprint, timeoutMs: left(untilMs) }),
        address,
        token,
      ),
  };
}

interface CallOptions {
  readonly stdin?: Readable;
  readonly timeoutMs?: number;
}

/** A time-out of 0 would be none at all. */
function left(untilMs: number): number {
  return Math.max(1, untilMs - systemClock.now());
}

function boxOn(connection: Connection, address: string, token: Token, untilMs = Number.POSITIVE_INFINITY): Box {
  async function call<T>(schema: z.ZodType<T>, words: readonly string[], options: CallOptions = {}): Promise<T> {
    const verb = words[0] ?? '';
    const result = await connection.exec(command(words, token()), {
      timeoutMs: Math.min(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, left(untilMs)),
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    });
    if (result.code !== 0) throw boxFailed(address, verb, result);
    return parseAnswer(schema, address, verb, result.stdout);
  }
  const seconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1000)));
  const transfer = { timeoutMs: TRANSFER_TIMEOUT_MS };
  return {
    address,
    status: () => call(statusSchema, ['status']),
    claim: () => call(statusSchema, ['claim']),
    prepare: async (release, slot) => void (await call(nothing, ['prepare', release, slot])),
    secrets: async (files) => void (await call(nothing, ['secrets'], { stdin: asStdin(files) })),
    compareSecrets: async (files) =>
      (await call(z.object({ changes: z.array(secretChangeSchema) }), ['compare-secrets'], { stdin: asStdin(files) }))
        .changes,
    useSecrets: (files) =>
      call(z.object({ changes: z.array(secretChangeSchema), restarted: z.boolean() }), ['use-secrets'], {
        stdin: asStdin(files),
        timeoutMs: RESTART_TIMEOUT_MS,
      }),
    restart: () => call(healthSchema, ['restart'], { timeoutMs: RESTART_TIMEOUT_MS }),
    restore: (snapshot) => call(manifestSchema, ['restore', snapshot], transfer),
    start: (timeoutMs) =>
      call(healthSchema, ['start', seconds(timeoutMs)], { timeoutMs: timeoutMs + DEFAULT_TIMEOUT_MS }),
    stop: async () => void (await call(nothing, ['stop'])),
    pass: async (token) => void (await call(nothing, ['pass', token])),
    activate: async (after) =>
      void (await call(nothing, ['activate', ...(after === undefined ? [] : [String(after)])])),
    hold: (budgetMs) => call(heldStateSchema, ['hold', seconds(budgetMs)]),
    resume: async () => void (await call(nothing, ['resume'])),
    relay: async (to) => void (await call(nothing, ['relay', to])),
    leave: async () => void (await call(nothing, ['leave'])),
    answerAt: async (at) => void (await call(nothing, ['answer-at', at === '' ? 'none' : at])),
    unfence: async (after) => void (await call(nothing, ['unfence', String(after)])),
    fence: async () => void (await call(nothing, ['fence'])),
    pullKey: async () => (await call(z.object({ publicKey: z.string() }), ['pull-key'])).publicKey,
    admit: async (publicKey, from) => void (await call(nothing, ['admit', publicKey, from])),
    pull: (source) => call(manifestSchema, ['pull', source.address, source.hostPublicKey], transfer),
    takeover: (source, held, timeoutMs) =>
      call(
        healthSchema,
        ['takeover', source.address, source.hostPublicKey, seconds(timeoutMs), held.digest, held.beside],
        { timeoutMs: timeoutMs + DEFAULT_TIMEOUT_MS },
      ),
    backup: () => call(madeBackupSchema, ['backup'], transfer),
    certificate: () => call(statusSchema.shape.certificate, ['certificate'], { timeoutMs: 300_000 }),
    logs: async (lines, all = false) =>
      (await call(z.object({ text: z.string() }), ['logs', String(lines), ...(all ? ['all'] : [])])).text,
    ps: () => call(processesSchema, ['ps']),
    traffic: (seconds) => call(trafficSchema, ['traffic', String(seconds)]),
    history: async () => (await call(z.object({ entries: z.array(historyEntrySchema) }), ['history'])).entries,
    within: (ms) => boxOn(connection, address, token, ms),
    close: () => connection.close(),
  };
}

function asStdin(files: Readonly<Record<string, string>>): Readable {
  return Readable.from([JSON.stringify(files)]);
}

function command(words: readonly string[], token: number | undefined): string {
  const lease = token === undefined ? [] : ['--lease', String(token)];
  return `sudo -n /usr/local/sbin/anny-box ${[...lease, ...words].map(quote).join(' ')}`;
}

function parseAnswer<T>(schema: z.ZodType<T>, address: string, verb: string, text: string): T {
  const parsed = schema.safeParse(asJson(text));
  if (parsed.success) return parsed.data;
  throw new AnnyError('BOX_FAILED', {
    doing: `reading the answer of anny-box ${verb} on ${address}`,
    found: z.prettifyError(parsed.error),
    next: 'the machine was baked by another version of this program: bake and promote again with this one',
  });
}

function boxFailed(address: string, verb: string, result: { code: number; stdout: string; stderr: string }): AnnyError {
  const said = failure.safeParse(asJson(result.stdout));
  const lastLines = result.stderr.trim().split('\n').slice(-5).join('\n  ');
  return new AnnyError(said.success ? codeOf(said.data) : 'BOX_FAILED', {
    doing: `anny-box ${verb} on ${address}`,
    found: said.success ? withLines(said.data) : `exit ${result.code}: ${lastLines}`,
    next: said.success ? said.data.next : 'anny-bluegreen logs --all shows what the machine wrote',
  });
}

function withLines({ error, lines = '' }: z.infer<typeof failure>): string {
  return lines.trim() === '' ? error : `${error}; the app wrote: ${lines.trim()}`;
}

function codeOf({ busy, lease }: z.infer<typeof failure>): ErrorCode {
  if (lease !== undefined) return 'LEASE_LOST';
  return busy ? 'MACHINE_BUSY' : 'BOX_FAILED';
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
