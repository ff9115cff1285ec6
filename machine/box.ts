import { z } from 'zod';

/** The machine port: the verbs of `anny-box` (docs/anny-box.md), which every answer is validated against. */
export const ROLES = ['none', 'candidate', 'writer', 'relay', 'fenced'] as const;
export type Role = (typeof ROLES)[number];

export const manifestSchema = z.object({
  /** sha256 over the sorted list of path, mode, size and content of the state. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.number().int(),
  bytes: z.number().int(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** What a held machine has left: its state, and in `beside` a sha256 over what travels with it, history and certificate. */
export const heldStateSchema = manifestSchema.extend({ beside: z.string().regex(/^[0-9a-f]{64}$/) });
export type HeldState = z.infer<typeof heldStateSchema>;

/** A backup that a machine has made and kept in the repository. */
export const madeBackupSchema = manifestSchema.extend({
  /** Its snapshot. */
  id: z.string().regex(/^[0-9a-f]{8,64}$/),
  /** Everything that was written until then is in it; by the machine's clock. */
  at: z.number().int(),
  release: z.string(),
  generation: z.number().int(),
  /** Of this machine's backups: grows by one with each, whatever becomes of its clock. */
  sequence: z.number().int(),
});
export type MadeBackup = z.infer<typeof madeBackupSchema>;

export const healthSchema = z.object({
  healthy: z.boolean(),
  /** HTTP status, 0 when nothing answered. */
  status: z.number().int(),
  /** First 500 characters of the answer, or the error. */
  body: z.string(),
});

/** What the machine has asked of its certificates' issuer; it travels with the certificates. */
export const issuerSchema = z.object({
  /** The ACME directory that it asks. */
  server: z.string(),
  issuedInWeek: z.number().int(),
  weeklyLimit: z.number().int(),
  /** In a row, and why the last one was. */
  failures: z.number().int(),
  failure: z.string(),
  /** Seconds since the epoch; 0 when it may be asked at once. */
  nextTryAt: z.number().int(),
});
export type Issuer = z.infer<typeof issuerSchema>;

export const statusSchema = z.object({
  role: z.enum(ROLES),
  /** Release name that this machine carries, "" without a role. */
  release: z.string(),
  slot: z.enum(['blue', 'green', '']),
  /** When it got its role, seconds since the epoch. */
  since: z.number().int(),
  /** Grows by one with every change of the writer, wherever; carried along with the state, also by a copy that came to nothing. */
  generation: z.number().int(),
  /** The last generation that this machine itself was the writer of: it has all of it. 0 for never. Not told by machines of earlier versions. */
  wrote: z.number().int().optional(),
  /** Address that a relay sends everything to. */
  relayTo: z.string(),
  held: z.boolean(),
  /** Seconds since the epoch at which a held machine resumes by itself; 0 when not held. */
  holdUntil: z.number().int(),
  app: z.object({ running: z.boolean(), image: z.string(), startedAt: z.string(), restarts: z.number().int() }),
  /** What the image says of itself. */
  image: z.object({ name: z.string(), digest: z.string() }),
  certificate: z.object({
    /** "none", "placeholder" (made by this machine) or "issued". */
    kind: z.enum(['none', 'placeholder', 'issued']),
    name: z.string(),
    issuer: z.string(),
    /** Seconds since the epoch; 0 for none. */
    notAfter: z.number().int(),
  }),
  /** Not told by machines of earlier versions. */
  issuer: issuerSchema.optional(),
  /** Seconds since the epoch; 0 for never. */
  lastBackupAt: z.number().int(),
  /** Everything that was written here until then is in a backup; 0 when nothing is. */
  savedAt: z.number().int().default(0),
  /** When it last found the whole repository in order; 0 for never. */
  checkedAt: z.number().int().default(0),
  /** What this relay has forwarded since it became one. */
  relayed: z.object({
    /** Requests that have ended, and when the last one did (seconds since the epoch, 0 for never). */
    requests: z.number().int(),
    lastAt: z.number().int(),
    /** Requests that are under way right now: long answers, WebSockets, uploads. -1 when nginx does not say. */
    open: z.number().int(),
    /** Requests that may have changed something (not GET, HEAD, OPTIONS) and did not fail. */
    writes: z.number().int(),
  }),
  /**
   * On a relay: what the app that it relays to had counted ("writes" in its health) at the handover, and when it was last asked.
   * null where the app does not count.
   */
  peerWrites: z.object({ handedOver: z.number().int(), seen: z.number().int(), at: z.number().int() }).nullable(),
  /** Whose state a candidate has taken over for good, and when (seconds since the epoch); "" and 0 before and after. */
  takeover: z.object({ from: z.string(), at: z.number().int() }),
  /** This machine's SSH host key: "ssh-ed25519 AAAA…". */
  hostPublicKey: z.string(),
  /** Highest token of an operator's lease that it has seen; 0 for none. */
  lease: z.number().int(),
  bootId: z.string(),
  uptimeSeconds: z.number().int(),
  diskFreeBytes: z.number().int(),
  /** This machine's own clock, seconds since the epoch: all other times here are by it. */
  now: z.number().int(),
  /** Failed systemd units. */
  failedUnits: z.array(z.string()),
});
export type BoxStatus = z.infer<typeof statusSchema>;

/** Requests to this machine's own app, but for those for its health. Times until the app began its answer, in milliseconds; 0 for none. */
export const trafficSchema = z.object({
  seconds: z.number().int(),
  requests: z.number().int(),
  /** Answers of 500 and above. */
  errors: z.number().int(),
  p50Ms: z.number().int(),
  p95Ms: z.number().int(),
  p99Ms: z.number().int(),
});
export type Traffic = z.infer<typeof trafficSchema>;

/** A secret that would be, or was, another than before: a variable of .env by its name, a file by its path. Never a value. */
export const secretChangeSchema = z.object({ name: z.string(), change: z.enum(['added', 'changed', 'removed']) });
export type SecretChange = z.infer<typeof secretChangeSchema>;

const unitSchema = z.object({ name: z.string(), state: z.string(), sub: z.string(), result: z.string() });

/** What runs on a machine. Times in seconds since the epoch, 0 for never. */
export const processesSchema = z.object({
  /** null when there is none, or Docker does not answer. */
  container: z
    .object({
      name: z.string(),
      image: z.string(),
      state: z.string(),
      /** "" for an image without a check of its own. */
      health: z.string(),
      startedAt: z.string(),
      restarts: z.number().int(),
      exitCode: z.number().int(),
      memoryBytes: z.number().int(),
    })
    .nullable(),
  nginx: z.object({
    configuration: z.enum(['ok', 'broken']),
    connections: z.number().int(),
    underWay: z.number().int(),
  }),
  services: z.array(unitSchema),
  /** What the image runs on a writer only. */
  jobs: z.array(unitSchema),
  timers: z.array(z.object({ name: z.string(), nextAt: z.number().int(), lastAt: z.number().int() })),
});
export type Processes = z.infer<typeof processesSchema>;

/** `pull` from the machine that has the state: its address, its SSH host public key (`ssh-ed25519 AAAA…`). */
export interface PullSource {
  readonly address: string;
  readonly hostPublicKey: string;
}

/** Every verb is safe to do again, holds one lock on the machine, and refuses in a role that it is not for. */
export interface Box {
  readonly address: string;
  status(): Promise<BoxStatus>;
  /** The same, in its turn and with the lease's token written down: what an older holder had under way here has ended, or is refused. */
  claim(): Promise<BoxStatus>;
  /** none|candidate -> candidate: names the release this machine is to become. */
  prepare(release: string, slot: 'blue' | 'green'): Promise<void>;
  /** Secrets by relative path under /opt/anny (".env", "secrets/service-account.json"); text content. Also
   *  "ca.crt": extra trusted certificates of this environment. */
  secrets(files: Readonly<Record<string, string>>): Promise<void>;
  /** What `secrets` would change. */
  compareSecrets(files: Readonly<Record<string, string>>): Promise<readonly SecretChange[]>;
  /** writer: the same set, at once: the app is made anew while requests wait; one that is not healthy gets the former set back. */
  useSecrets(
    files: Readonly<Record<string, string>>,
  ): Promise<{ readonly changes: readonly SecretChange[]; readonly restarted: boolean }>;
  /** writer: the app ends and starts again while requests wait. */
  restart(): Promise<z.infer<typeof healthSchema>>;
  /** candidate: replaces the state by a snapshot of the repository, fetched and checked first; the app must be stopped. */
  restore(snapshot: string): Promise<Manifest>;
  /** Starts the app as a candidate; only requests with the pass reach it. Waits until it is healthy. */
  start(timeoutMs: number): Promise<z.infer<typeof healthSchema>>;
  /** Stops a candidate's or relay's app and forgets passes and takeover. */
  stop(): Promise<void>;
  /** A one-time pass (32 hex digits) in header `Anny-Pass` lets probes reach a candidate's app through nginx. */
  pass(token: string): Promise<void>;
  /** candidate|relay|writer -> writer, later than generation `after`; the app runs, timers run, everybody is served. */
  activate(after?: number): Promise<void>;
  /**
   * writer: new requests wait, and the app stops within its grace; what the state is now. Without a commit before the
   * budget is over the machine resumes by itself.
   */
  hold(budgetMs: number): Promise<HeldState>;
  /** writer: the app runs again, held requests flow to it. */
  resume(): Promise<void>;
  /** The commit. writer, held -> relay, in one atomic write. On a relay: sends to another address. */
  relay(to: string): Promise<void>;
  /** Any role: this machine answers at that address too, also after a restart; "" for its own alone. The network decides whom it leads to. */
  answerAt(address: string): Promise<void>;
  /** relay: what is open at the reserved address ends with its next answer, and nothing new begins there for some seconds: it is about to move. */
  leave(): Promise<void>;
  /** Any role -> fenced: serves nothing, writes nothing. */
  fence(): Promise<void>;
  /** fenced (or a writer that lost its place) -> writer, with the state that it has, later than `after`. Nobody else may write. */
  unfence(after: number): Promise<void>;
  /** A fresh one-time public key of this machine, with which it may pull. */
  pullKey(): Promise<string>;
  /** writer: lets `publicKey` from `address` read the state (and only that) until the role changes or 15 minutes passed. */
  admit(publicKey: string, address: string): Promise<void>;
  /** candidate|relay: copies state, certificate and history from the source. The app must be stopped. */
  pull(source: PullSource): Promise<Manifest>;
  /**
   * candidate|relay: pulls what differs from what was pulled ahead, and, when it is what the held source has left, starts
   * the app on it and waits until it is healthy. Only requests from the source reach it, also after a reboot: the source
   * may have committed meanwhile. `stop` and `activate` end it.
   */
  takeover(source: PullSource, left: HeldState, timeoutMs: number): Promise<z.infer<typeof healthSchema>>;
  /** writer: a backup, kept in the repository. */
  backup(): Promise<MadeBackup>;
  /** writer: issues a certificate for the name by HTTP-01, or renews one near its end. Returns the status's certificate. */
  certificate(): Promise<BoxStatus['certificate']>;
  /** Last lines of the app's (and with `all` nginx's and anny-box's) logs. */
  logs(lines: number, all?: boolean): Promise<string>;
  /** Container, services, jobs, timers, nginx. */
  ps(): Promise<Processes>;
  /** What clients got from its app within the last seconds, whatever its role is now. */
  traffic(seconds: number): Promise<Traffic>;
  /** Earlier writers, oldest first, as the state carried them along. */
  history(): Promise<readonly HistoryEntry[]>;
  /** The same machine for somebody who cannot wait: what is not answered by then (the clock's time) is MACHINE_UNREACHABLE. */
  within(untilMs: number): Box;
  close(): Promise<void>;
}

export const historyEntrySchema = z.object({
  at: z.number().int(),
  event: z.enum(['activated', 'relayed', 'restored']),
  release: z.string(),
  slot: z.string(),
  image: z.string(),
  generation: z.number().int(),
  address: z.string(),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

export interface BoxTarget {
  readonly address: string;
  readonly hostKeyFingerprint: string;
  /** It has just been made: that it refuses means that it is not up yet. */
  readonly booting?: boolean;
  /** Who cannot wait: by then (the clock's time) it is connected or MACHINE_UNREACHABLE. */
  readonly untilMs?: number;
}

/** Opens the one connection to a machine; every later call shares it. */
export interface Machines {
  connect(target: BoxTarget): Promise<Box>;
}
