/** What only looking at an account needs, beside the cloud port: what else costs, and whether what is configured can be had. */
export interface Inventory {
  reservedIps(): Promise<readonly ReservedIp[]>;
  objectStorages(): Promise<readonly ObjectStorage[]>;
  /** Plans of which the region has machines just now; undefined when there is no such region. */
  availablePlans(region: string): Promise<readonly string[] | undefined>;
  hasZone(domain: string): Promise<boolean>;
}

export interface ReservedIp {
  readonly id: string;
  readonly label: string;
  readonly region: string;
  readonly address: string;
  /** "" when no machine has it. */
  readonly instanceId: string;
}

export interface ObjectStorage {
  readonly id: string;
  readonly label: string;
  readonly region: string;
  readonly host: string;
}
