import { lookup, Resolver } from 'node:dns/promises';

/** Where a name leads, as a client's resolver says it. */
export type Led =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'nowhere'; readonly why: string }
  /** The resolver itself could not be asked. */
  | { readonly kind: 'unknown'; readonly why: string };

export type Resolve = (name: string) => Promise<Led>;

/** What says that a name leads nowhere, and not that nobody could be asked. */
const NOWHERE = ['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'NXDOMAIN'];

/** By this computer's own resolver, or by `servers` where the zone has its own (infra.name_servers). */
export function resolveBy(servers: readonly string[]): Resolve {
  return async (name) => {
    try {
      const address = servers.length === 0 ? (await lookup(name, 4)).address : await ask(servers, name);
      if (address === undefined) return { kind: 'nowhere', why: `${name} has no address` };
      return { kind: 'address', address };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      const kind = NOWHERE.includes(code) ? 'nowhere' : 'unknown';
      return { kind, why: `${name} cannot be resolved (${code})` };
    }
  };
}

async function ask(servers: readonly string[], name: string): Promise<string | undefined> {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 });
  resolver.setServers(servers);
  return (await resolver.resolve4(name))[0];
}
