import type { DnsRecord, ReservedIp } from '../cloud/cloud.ts';
import { isKeyRefused } from '../machine/ssh.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import type { Context } from './context.ts';
import type { NameAnswer } from './name-servers.ts';
import { type Answering, askedOf, type Release, reach, releasesIn, type Silent } from './release.ts';
import { chooseReservedIp } from './reserved-ip.ts';

const LOOKS = 4;

/** The world as it is right now: asked of the account, of each machine, and of the zone's own name servers. */
export interface World {
  readonly answering: readonly Answering[];
  readonly silent: readonly Silent[];
  readonly domain: string;
  /** The A record of the public name; undefined when there is none. */
  readonly record: DnsRecord | undefined;
  /** Other records that lead the name somewhere: a second A record, an IPv6 address, an alias. */
  readonly furtherRecords: readonly DnsRecord[];
  readonly nameAnswers: readonly NameAnswer[];
  readonly switchedBy: 'dns' | 'reserved_ip';
  /** The reserved address that traffic comes by: the one of this environment, or whichever the name leads to. */
  readonly reservedIp: ReservedIp | undefined;
  /** Why there is none to switch by, where `deploy.switch` asks for one. */
  readonly reservedIpProblem: AnnyError | undefined;
  close(): Promise<void>;
}

/**
 * Asks everything; nothing is changed. A machine that cannot be asked is part of the answer. With a lease each machine is claimed: where
 * one knows a higher token, of an earlier holder whose clock was ahead, all are asked again with one that is higher still.
 */
export async function observe(context: Context): Promise<World> {
  const { lease } = context.operation.held;
  for (let look = 1; ; look += 1) {
    const world = await lookAround(context);
    const known = Math.max(0, ...world.answering.map(({ status }) => status.lease));
    if (lease === undefined || known <= lease.token) return world;
    await world.close();
    if (look >= LOOKS) throw outbidAgain(known);
    await lease.outbid(known);
  }
}

function outbidAgain(known: number): AnnyError {
  return new AnnyError('LEASE_LOST', {
    doing: 'claiming the machines',
    found: `they know a higher token (${known}) again and again: another command claims them at the same time`,
    next: 'anny-bluegreen lock list shows who is there',
  });
}

async function lookAround(context: Context): Promise<World> {
  const { settings, cloud, nameServers } = context;
  const { parent_domain: domain } = settings.config.infra;
  const [releases, records, nameAnswers] = await Promise.all([
    cloud.instances().then((instances) => releasesIn(instances, settings.environment)),
    cloud.records(domain),
    nameServers.addressesOf(domain, settings.publicName),
  ]);
  const reserved = await lookForReservedIp(
    context,
    releases,
    namedIn(records, nameAnswers, settings.config.infra.subdomain),
  );
  const asked = await Promise.all(releases.map((release) => ask(context, release)));
  const answering = asked.filter((machine) => 'box' in machine);
  return {
    answering,
    silent: asked.filter((machine) => 'problem' in machine),
    domain,
    ...addressRecords(records, settings.config.infra.subdomain),
    nameAnswers,
    ...reserved,
    close: async () => void (await Promise.allSettled(answering.map(({ box }) => box.close()))),
  };
}

/** One look at a machine; a stopped one is not even tried. */
export async function ask(context: Context, release: Release): Promise<Answering | Silent> {
  if (release.instance.power === 'stopped') return { ...release, problem: 'powered off' };
  try {
    const box = await reach(context, release);
    try {
      const { clock, held } = context.operation;
      return {
        ...release,
        box,
        ...(await askedOf(clock, () => (held.lease === undefined ? box.status() : box.claim()))),
      };
    } catch (error) {
      await box.close();
      throw error;
    }
  } catch (error) {
    // One that works for another command is not silent: it must not be fenced for that.
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST', 'MACHINE_BUSY')) throw error;
    return { ...release, problem: error.found, ...(isKeyRefused(error) ? { keyRefused: true } : {}) };
  }
}

/** Those that lead a name, relative to its zone, somewhere. */
export function addressRecords(records: readonly DnsRecord[], name: string): Pick<World, 'record' | 'furtherRecords'> {
  const leading = records.filter((record) => record.name === name && ['A', 'AAAA', 'CNAME'].includes(record.type));
  const record = leading.find(({ type }) => type === 'A');
  return { record, furtherRecords: leading.filter((one) => one !== record) };
}

function namedIn(records: readonly DnsRecord[], answers: readonly NameAnswer[], name: string): readonly string[] {
  const { record } = addressRecords(records, name);
  return [...(record === undefined ? [] : [record.data]), ...answers.flatMap(({ addresses }) => addresses)];
}

/** Switched by the record it is asked for only where the name leads to none of the machines: from before, or before a change. */
async function lookForReservedIp(
  { settings, cloud }: Context,
  releases: readonly Release[],
  named: readonly string[],
): Promise<Pick<World, 'switchedBy' | 'reservedIp' | 'reservedIpProblem'>> {
  const { switch: switchedBy } = settings.config.deploy;
  const foreign = named.filter((address) => !releases.some((release) => release.address === address));
  if (switchedBy === 'dns') {
    const all = foreign.length === 0 ? [] : await cloud.reservedIps();
    const reservedIp = all.find(({ address }) => foreign.includes(address));
    return { switchedBy, reservedIp, reservedIpProblem: undefined };
  }
  try {
    return {
      switchedBy,
      reservedIp: chooseReservedIp(settings, await cloud.reservedIps()),
      reservedIpProblem: undefined,
    };
  } catch (error) {
    if (!(error instanceof AnnyError) || error.code !== 'CONFIG_INVALID') throw error;
    return { switchedBy, reservedIp: undefined, reservedIpProblem: error };
  }
}
