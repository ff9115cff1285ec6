/** What the local cloud's API asks of the thing that runs its machines. Every call is safe to do again. */
export interface Hypervisor {
  /** Creates and starts the machine. Its address is known when this resolves; it has not booted yet. */
  create(spec: MachineSpec): Promise<{ readonly address: string }>;
  start(id: string): Promise<void>;
  /** As pulling the plug, as the real API does it. */
  halt(id: string): Promise<void>;
  reboot(id: string): Promise<void>;
  /** Done also when it is already gone. */
  destroy(id: string): Promise<void>;
  /** Every machine of this cloud that the engine knows, running or not. */
  observe(): Promise<ReadonlyMap<string, { readonly running: boolean; readonly address: string }>>;
  /** A running machine is copied as if it lost power. */
  snapshot(
    snapshotId: string,
    instanceId: string,
  ): Promise<{ readonly sizeBytes: number; readonly compressedBytes: number }>;
  deleteSnapshot(snapshotId: string): Promise<void>;
  /** The whole set of rules for inbound traffic; `undefined` lets everything in, [] drops everything. */
  firewall(instanceId: string, rules: readonly InboundRule[] | undefined): Promise<void>;
  /** The whole set of addresses that lead to the machine beside its first one. Its own system must have them configured. */
  furtherAddresses(instanceId: string, addresses: readonly string[]): Promise<void>;
}

export interface MachineSpec {
  readonly id: string;
  readonly hostname: string;
  readonly from: { readonly osId: number } | { readonly snapshotId: string };
  readonly sshPublicKeys: readonly string[];
  /** Plain text; undefined for none. */
  readonly userData: string | undefined;
  readonly vcpus: number;
  readonly ramMb: number;
  readonly diskGb: number;
  /** false: it runs, and nothing in it ever starts. */
  readonly boots?: boolean;
}

export interface InboundRule {
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'gre' | 'esp' | 'ah';
  /** "22" or "8000:9000"; "" for protocols without ports. */
  readonly port: string;
  /** CIDR, IPv4 or IPv6. */
  readonly source: string;
}
