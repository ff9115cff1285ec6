import { Resolver, resolve4, resolveNs } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { NameAnswer, NameServers } from './name-servers.ts';

const TIMEOUT_MS = 3_000;
const TRIES = 2;

interface Server {
  readonly label: string;
  /** "1.2.3.4:53" */
  readonly address: string;
}

/** The zone's own name servers, by its NS records or as configured ("10.77.0.1:53", "ns1.example.com"). */
export function zoneServers(configured: readonly string[]): NameServers {
  return {
    addressesOf: async (domain, name) => {
      const names = configured.length > 0 ? configured : await delegated(domain);
      const servers = (await Promise.all(names.map(serverOf))).flat();
      return Promise.all(servers.map((server) => askServer(server, name)));
    },
  };
}

/** A zone that cannot be found has no servers; the switch then says so. */
async function delegated(domain: string): Promise<readonly string[]> {
  return resolveNs(domain).catch(() => []);
}

async function serverOf(name: string): Promise<Server[]> {
  const [, host = name, port = '53'] = /^(.*?)(?::(\d+))?$/.exec(name) ?? [];
  if (isIP(host) !== 0) return [{ label: `${host}:${port}`, address: `${host}:${port}` }];
  const addresses = await resolve4(host).catch(() => []);
  return addresses.slice(0, 1).map((address) => ({ label: `${host} (${address})`, address: `${address}:${port}` }));
}

async function askServer(server: Server, name: string): Promise<NameAnswer> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  resolver.setServers([server.address]);
  try {
    return { server: server.label, addresses: (await resolver.resolve4(name)).sort() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOTFOUND' || code === 'ENODATA') return { server: server.label, addresses: [] };
    return { server: server.label, addresses: [], problem: `no answer (${code})` };
  }
}
