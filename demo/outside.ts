import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

/** Where somebody out there finds the app, and what he needs for it. */
export interface Outside {
  /** Public name. */
  readonly name: string;
  /** "10.78.0.1:53" */
  readonly nameServer: string;
  /** File with the issuer's certificates. */
  readonly trust: string;
  readonly apiKey: string;
}

/** Asks the name server for the address, each time anew. */
export function resolverAt({ name, nameServer }: Outside): () => Promise<string> {
  const resolver = new Resolver({ timeout: 2_000, tries: 3 });
  resolver.setServers([nameServer]);
  return async () => {
    const [address] = await resolver.resolve4(name);
    if (address === undefined) throw new Error(`${name} has no address`);
    return address;
  };
}

/** What node:net takes as `lookup`, for an address that is found by other means. */
export function lookupOf(find: () => Promise<string>) {
  return (
    _host: string,
    asked: { readonly all?: boolean | undefined },
    callback: (
      error: NodeJS.ErrnoException | null,
      address: string | { address: string; family: number }[],
      family?: number,
    ) => void,
  ): void => {
    find().then(
      (address) => (asked.all === true ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4)),
      (error: NodeJS.ErrnoException) => callback(error, '', 4),
    );
  };
}

/** Made once for all connections: for each alone, reading the certificates takes longer than the handshake. */
export async function trustOf({ trust }: Outside): Promise<SecureContext> {
  return createSecureContext({ ca: [...getCACertificates('default'), await readFile(trust, 'utf8')] });
}
