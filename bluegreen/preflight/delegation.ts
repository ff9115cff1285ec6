import { Resolver } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { serverOf } from '../zone-servers.ts';

/** Who answers for a zone. */
export type Served =
  /** By its NS records, in lower case. */
  | { readonly kind: 'delegated'; readonly to: readonly string[] }
  /** The configured servers, and what each says to a question for the zone's SOA; undefined is an answer. */
  | {
      readonly kind: 'configured';
      readonly servers: readonly { readonly server: string; readonly problem?: string; readonly unfound?: true }[];
    }
  | { readonly kind: 'nowhere'; readonly why: string }
  | { readonly kind: 'unasked'; readonly why: string };

const WAIT = { timeout: 3_000, tries: 2 };
const NOWHERE = ['ENOTFOUND', 'ENODATA', 'ESERVFAIL'];

/** Asks this computer's resolvers, or the zone's own servers where infra.name_servers names them. */
export async function serversOf(
  domain: string,
  configured: readonly string[],
  resolver = new Resolver(WAIT),
): Promise<Served> {
  if (configured.length > 0)
    return { kind: 'configured', servers: await Promise.all(configured.map((one) => ask(one, domain, resolver))) };
  try {
    const to = await resolver.resolveNs(domain);
    return { kind: 'delegated', to: to.map((one) => one.toLowerCase().replace(/\.$/, '')).sort() };
  } catch (error) {
    const code = codeOf(error);
    return { kind: NOWHERE.includes(code) ? 'nowhere' : 'unasked', why: code };
  }
}

async function ask(server: string, domain: string, own: Resolver) {
  const at = await serverOf(server, (host) => own.resolve4(host));
  if ('problem' in at) return { server, problem: at.problem, unfound: true as const };
  const resolver = new Resolver(WAIT);
  try {
    resolver.setServers([`${isIPv6(at.host) ? `[${at.host}]` : at.host}:${at.port}`]);
    await resolver.resolveSoa(domain);
    return { server };
  } catch (error) {
    return { server, problem: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
