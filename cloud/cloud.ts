import type { Money } from './money.ts';

/** The cloud port: what orchestration needs of an account. Times in ISO 8601 as the API gives them, sizes in bytes. */
declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

export type InstanceId = Branded<string, 'InstanceId'>;
export type SnapshotId = Branded<string, 'SnapshotId'>;
export type RecordId = Branded<string, 'RecordId'>;
export type SshKeyId = Branded<string, 'SshKeyId'>;
export type FirewallGroupId = Branded<string, 'FirewallGroupId'>;
export type ReservedIpId = Branded<string, 'ReservedIpId'>;
export type NoteId = Branded<string, 'NoteId'>;

export interface Instance {
  readonly id: InstanceId;
  readonly label: string;
  readonly hostname: string;
  readonly tags: readonly string[];
  readonly plan: string;
  readonly region: string;
  /** undefined until the account has given one. */
  readonly address: string | undefined;
  readonly status: 'pending' | 'active' | 'suspended' | 'resizing';
  readonly power: 'running' | 'stopped' | 'starting';
  readonly serverStatus: string;
  readonly createdAt: string;
  readonly snapshotId: SnapshotId | undefined;
}

export interface Snapshot {
  readonly id: SnapshotId;
  readonly description: string;
  readonly status: 'pending' | 'complete' | 'deleted';
  readonly createdAt: string;
  /** The whole disk in bytes; 0 while pending. */
  readonly sizeBytes: number;
  /** What is kept of it, and paid for. */
  readonly storedBytes: number;
}

export interface DnsRecord {
  readonly id: RecordId;
  readonly type: string;
  /** Relative to the zone; "" is the apex. */
  readonly name: string;
  readonly data: string;
  readonly ttlSeconds: number;
}

/** An IPv4 address that stays the account's, whichever machine of its region it leads to. */
export interface ReservedIp {
  readonly id: ReservedIpId;
  readonly label: string;
  readonly region: string;
  readonly address: string;
  /** undefined: it leads nowhere. */
  readonly attachedTo: InstanceId | undefined;
}

/** A text that the account keeps under a name, for whoever has its key; nothing ever runs it. */
export interface Note {
  readonly id: NoteId;
  readonly name: string;
  readonly text: string;
}

export interface Plan {
  readonly id: string;
  readonly diskGb: number;
  readonly ramMb: number;
  readonly vcpus: number;
  readonly monthlyCost: Money;
  /** In dollars, as it is told: it may be finer than what is paid, so only products of it are rounded. Up to the month's. */
  readonly hourlyUsd: number;
  readonly regions: readonly string[];
}

export interface AccountHolder {
  readonly name: string;
  readonly email: string;
  /** What this month has cost so far. */
  readonly pendingCharges: Money;
}

export interface NewInstance {
  readonly label: string;
  readonly hostname: string;
  readonly region: string;
  readonly plan: string;
  readonly from: { readonly osId: number } | { readonly snapshotId: SnapshotId };
  /** Plain text cloud-config; the client encodes it. */
  readonly userData: string;
  readonly sshKeyIds: readonly SshKeyId[];
  readonly firewallGroupId?: FirewallGroupId;
  /** Must hold one tag that no other create carries (`op=…`): an unknown outcome is resolved by looking it up. */
  readonly tags: readonly string[];
  readonly uniqueTag: string;
}

export interface Cloud {
  account(): Promise<AccountHolder>;
  plans(): Promise<readonly Plan[]>;
  sshKeys(): Promise<readonly { readonly id: SshKeyId; readonly name: string; readonly publicKey: string }[]>;
  createSshKey(name: string, publicKey: string): Promise<SshKeyId>;
  firewallGroups(): Promise<readonly { readonly id: FirewallGroupId; readonly description: string }[]>;

  /** All instances of the account, every page. */
  instances(): Promise<readonly Instance[]>;
  /** undefined when the account knows no such instance. A fresh id may be unknown for some seconds. */
  instance(id: InstanceId): Promise<Instance | undefined>;
  /** Never makes a second machine: an unknown outcome is looked up by `uniqueTag` first. */
  createInstance(request: NewInstance): Promise<Instance>;
  tagInstance(id: InstanceId, tags: readonly string[]): Promise<void>;
  /** Takes the user data (it holds the SSH host key) out of the account once the machine has it. */
  clearUserData(id: InstanceId): Promise<void>;
  halt(id: InstanceId): Promise<void>;
  start(id: InstanceId): Promise<void>;
  /** Done also when it is already gone. Waits out a locked machine. */
  destroyInstance(id: InstanceId): Promise<void>;

  snapshots(): Promise<readonly Snapshot[]>;
  snapshot(id: SnapshotId): Promise<Snapshot | undefined>;
  /** `description` must be unique: an unknown outcome is looked up by it. */
  createSnapshot(instance: InstanceId, description: string): Promise<SnapshotId>;
  describeSnapshot(id: SnapshotId, description: string): Promise<void>;
  deleteSnapshot(id: SnapshotId): Promise<void>;

  records(domain: string): Promise<readonly DnsRecord[]>;
  createRecord(domain: string, record: Omit<DnsRecord, 'id'>): Promise<RecordId>;
  /** Changes the data alone: the API refuses data and ttl in one call. */
  pointRecord(domain: string, id: RecordId, data: string): Promise<void>;
  setRecordTtl(domain: string, id: RecordId, seconds: number): Promise<void>;

  reservedIps(): Promise<readonly ReservedIp[]>;
  /** Of the same region; it must be free. Nothing of the machine restarts, and the machine itself must have the address configured. */
  attachReservedIp(id: ReservedIpId, instance: InstanceId): Promise<void>;
  /** Done also when it leads nowhere already. */
  detachReservedIp(id: ReservedIpId): Promise<void>;

  /** Notes whose name begins with `prefix`, oldest first. */
  notes(prefix: string): Promise<readonly Note[]>;
  /** `name` must be unique: an unknown outcome is looked up by it. */
  createNote(name: string, text: string): Promise<NoteId>;
  /** False when the note is gone. */
  writeNote(id: NoteId, text: string): Promise<boolean>;
  /** Done also when it is already gone. */
  deleteNote(id: NoteId): Promise<void>;
}
