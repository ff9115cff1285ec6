/** The name server port: what each server of the zone itself answers, past every cache; and what public resolvers tell users. */
export interface NameServers {
  /** Asks every server of `domain` for the A records of `name` (the full name, without a final dot), over UDP and over TCP. */
  addressesOf(domain: string, name: string): Promise<readonly NameAnswer[]>;
  /** What the configured public resolvers say of it just now; soon, whatever becomes of the network. [] where none is configured. */
  resolversOf(name: string): Promise<readonly ResolverAnswer[]>;
}

export interface NameAnswer {
  /** "10.77.0.1:53" or "ns1.vultr.com (1.2.3.4)" */
  readonly server: string;
  /** Sorted, of both ways; empty when the server says that there is none. */
  readonly addresses: readonly string[];
  /** Why there is no answer from this server, by either way. */
  readonly problem?: string;
  /** It is known by a name only, and that leads nowhere: nobody can be sent to it, and it can never be asked. */
  readonly unfound?: true;
  /** By one way there is no answer, and by the other there is: firewalls do that. "by TCP: no answer (ETIMEOUT)" */
  readonly deaf?: string;
}

export interface ResolverAnswer extends NameAnswer {
  /** How long it keeps what it says. */
  readonly ttlSeconds: number;
}
