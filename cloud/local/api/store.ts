import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { termsSchema } from './terms.ts';

const instance = z.object({
  id: z.string(),
  os: z.string(),
  ram: z.number(),
  disk: z.number(),
  main_ip: z.string(),
  vcpu_count: z.number(),
  region: z.string(),
  plan: z.string(),
  date_created: z.string(),
  status: z.enum(['pending', 'active', 'suspended', 'resizing']),
  power_status: z.enum(['running', 'stopped']),
  server_status: z.enum(['none', 'locked', 'installingbooting', 'ok']),
  label: z.string(),
  hostname: z.string(),
  os_id: z.number(),
  snapshot_id: z.string(),
  firewall_group_id: z.string(),
  tags: z.array(z.string()),
  user_data: z.string(),
  ssh_key_ids: z.array(z.string()),
  /** false: a fault keeps it from ever coming up. */
  boots: z.boolean().default(true),
});

const snapshot = z.object({
  id: z.string(),
  date_created: z.string(),
  description: z.string(),
  size: z.number(),
  compressed_size: z.number(),
  status: z.enum(['pending', 'complete', 'deleted']),
  os_id: z.number(),
  app_id: z.number(),
  instance_id: z.string().default(''),
});

const record = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  data: z.string(),
  priority: z.number(),
  ttl: z.number(),
});

const rule = z.object({
  id: z.number(),
  ip_type: z.enum(['v4', 'v6']),
  action: z.literal('accept'),
  protocol: z.enum(['tcp', 'udp', 'icmp', 'gre', 'esp', 'ah']),
  port: z.string(),
  subnet: z.string(),
  subnet_size: z.number(),
  source: z.string(),
  notes: z.string(),
});

const startupScript = z.object({
  id: z.string(),
  date_created: z.string(),
  date_modified: z.string(),
  name: z.string(),
  type: z.enum(['boot', 'pxe']),
  script: z.string(),
});

const stateSchema = z.object({
  terms: termsSchema.prefault({}),
  instances: z.array(instance),
  snapshots: z.array(snapshot),
  sshKeys: z.array(z.object({ id: z.string(), date_created: z.string(), name: z.string(), ssh_key: z.string() })),
  /** Not there in what an earlier version stored. */
  startupScripts: z.array(startupScript).default([]),
  domains: z.array(
    z.object({ domain: z.string(), date_created: z.string(), dns_sec: z.string(), records: z.array(record) }),
  ),
  firewallGroups: z.array(
    z.object({
      id: z.string(),
      description: z.string(),
      date_created: z.string(),
      date_modified: z.string(),
      rules: z.array(rule),
    }),
  ),
  reservedIps: z.array(
    z.object({
      id: z.string(),
      region: z.string(),
      ip_type: z.enum(['v4', 'v6']),
      subnet: z.string(),
      subnet_size: z.number(),
      label: z.string(),
      instance_id: z.string(),
    }),
  ),
});

export type State = z.infer<typeof stateSchema>;
export type StoredInstance = z.infer<typeof instance>;
export type StoredSnapshot = z.infer<typeof snapshot>;
export type StoredRecord = z.infer<typeof record>;
export type StoredRule = z.infer<typeof rule>;
export type StoredStartupScript = z.infer<typeof startupScript>;
export type FirewallGroup = State['firewallGroups'][number];
export type Domain = State['domains'][number];
export type ReservedIp = State['reservedIps'][number];

const EMPTY: State = {
  terms: termsSchema.parse({}),
  instances: [],
  snapshots: [],
  sshKeys: [],
  startupScripts: [],
  domains: [],
  firewallGroups: [],
  reservedIps: [],
};

/** The account's data: in memory, and on disk before an answer goes out. */
export interface Store {
  readonly state: State;
  /** Resolves when everything that was changed before the call is on disk. */
  save(): Promise<void>;
}

export async function openStore(directory: string): Promise<Store> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'account.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const state = text === undefined ? structuredClone(EMPTY) : stateSchema.parse(JSON.parse(text));
  let writing: Promise<void> = Promise.resolve();
  return {
    state,
    save: () => {
      writing = writing.catch(() => undefined).then(() => replaceFile(path, JSON.stringify(state, null, 1)));
      return writing;
    },
  };
}

/** Whole or not at all: temporary file, fsync, rename. */
async function replaceFile(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
