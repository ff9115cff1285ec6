/** The name server port: what each server of the zone itself answers, past every cache. */
export interface NameServers {
  /** Asks every server of `domain` for the A records of `name` (the full name, without a final dot). */
  addressesOf(domain: string, name: string): Promise<readonly NameAnswer[]>;
}

export interface NameAnswer {
  /** "10.77.0.1:53" or "ns1.vultr.com (1.2.3.4)" */
  readonly server: string;
  /** Sorted; empty when the server says that there is none. */
  readonly addresses: readonly string[];
  /** Why there is no answer from this server. */
  readonly problem?: string;
}
