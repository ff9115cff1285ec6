/** What only looking at an account needs, beside the cloud port: what else costs, and whether what is configured can be had. */
export interface Inventory {
  /** undefined for a key that may not see these: it may see all the rest. */
  objectStorages(): Promise<readonly ObjectStorage[] | undefined>;
  /** Plans of which the region has machines just now; undefined when there is no such region. */
  availablePlans(region: string): Promise<readonly string[] | undefined>;
  hasZone(domain: string): Promise<boolean>;
}

export interface ObjectStorage {
  readonly id: string;
  readonly label: string;
  readonly region: string;
  /** Of its cluster: all storages of a region may have the same. */
  readonly host: string;
}
