import type dns from 'dns-packet';

export interface ZoneRecord {
  readonly type: string;
  /** Relative to the zone; "" is the apex. */
  readonly name: string;
  readonly data: string;
  readonly ttl: number;
  /** Of MX records. */
  readonly priority?: number;
}

export interface Zone {
  /** In small letters. */
  readonly domain: string;
  readonly records: readonly ZoneRecord[];
}

export interface Found {
  readonly answers: dns.Answer[];
  readonly authorities: dns.Answer[];
  readonly exists: boolean;
}

const NEGATIVE_TTL_SECONDS = 5;
const CNAME_LIMIT = 8;
const DEFAULT_PREFERENCE = 10;
/** The most that one string of a TXT record holds; longer ones are several strings. */
const TXT_STRING_BYTES = 255;
const LABEL_BYTES = 63;

/** The most specific zone that a name in small letters is in. */
export function zoneOf(zones: readonly Zone[], name: string): Zone | undefined {
  return zones.filter((zone) => isIn(zone, name)).sort((a, b) => b.domain.length - a.domain.length)[0];
}

function isIn({ domain }: Zone, name: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

/** What the zone says of a name in small letters; aliases are followed as far as they stay in the zone. */
export function look(zone: Zone, name: string, type: string): Found {
  const answers: dns.Answer[] = [];
  let wanted = name;
  for (let hop = 0; hop < CNAME_LIMIT && isIn(zone, wanted); hop += 1) {
    const at = recordsAt(zone, wanted);
    const exact = at.filter((record) => record.type === type || type === 'ANY');
    const alias = at.find((record) => record.type === 'CNAME');
    if (exact.length > 0 || alias === undefined) {
      answers.push(...exact.flatMap((record) => answerOf(wanted, record)));
      if (type === 'SOA' && wanted === zone.domain) answers.push(soaOf(zone.domain));
      const exists = at.length > 0 || wanted === zone.domain || hop > 0;
      return { answers, authorities: answers.length === 0 ? [soaOf(zone.domain)] : [], exists };
    }
    answers.push(...answerOf(wanted, alias));
    wanted = alias.data.replace(/\.$/, '').toLowerCase();
  }
  return { answers, authorities: [], exists: true };
}

function recordsAt({ domain, records }: Zone, name: string): readonly ZoneRecord[] {
  const relative = name === domain ? '' : name.slice(0, -domain.length - 1);
  const exact = records.filter((record) => record.name.toLowerCase() === relative);
  return exact.length > 0 || relative === '' ? exact : records.filter((record) => record.name === '*');
}

function answerOf(name: string, { type, data, ttl, priority = DEFAULT_PREFERENCE }: ZoneRecord): dns.Answer[] {
  switch (type) {
    case 'A':
    case 'AAAA':
      return [{ type, name, ttl, data }];
    case 'CNAME':
    case 'NS':
      return [{ type, name, ttl, data: asName(data) }];
    case 'TXT':
      return [{ type, name, ttl, data: textStrings(data.replace(/^"|"$/g, '')) }];
    case 'MX':
      return [{ type, name, ttl, data: { preference: Math.max(0, priority), exchange: asName(data) } }];
    default:
      return [];
  }
}

/** The encoder does not look: a longer label would make a packet that nobody can read. */
function asName(data: string): string {
  if (data.split('.').some((label) => Buffer.byteLength(label) > LABEL_BYTES)) throw new Error(`no name: ${data}`);
  return data;
}

function textStrings(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const count = Math.max(1, Math.ceil(bytes.length / TXT_STRING_BYTES));
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * TXT_STRING_BYTES, (index + 1) * TXT_STRING_BYTES),
  );
}

function soaOf(domain: string): dns.Answer {
  return {
    type: 'SOA',
    name: domain,
    ttl: NEGATIVE_TTL_SECONDS,
    data: {
      mname: 'ns1.vultr.com',
      rname: `hostmaster.${domain}`,
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: NEGATIVE_TTL_SECONDS,
    },
  };
}
