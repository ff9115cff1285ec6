import type { DnsRecord, RecordId } from '../../cloud/cloud.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

export const DOMAIN = 'example.com';
export const SUBDOMAIN = 'app';
export const PUBLIC_NAME = `${SUBDOMAIN}.${DOMAIN}`;
export const SERVERS = ['ns1.example.net', 'ns2.example.net'] as const;

/** The zone: the account's records change at once, each name server takes them over when it likes. */
export interface Zone {
  records(): readonly DnsRecord[];
  /** @param lateMs The last name server takes it over so much later. */
  write(data: string, lateMs: number): RecordId;
  setTtl(seconds: number): void;
  ttlSeconds(): number;
  /** Name servers whose own address nobody finds. */
  readonly unfound: Set<number>;
  /** What a name server says now. */
  answer(server: number): string | undefined;
  /**
   * A change away and back has not reached it whole: before it said the same as now, by what it had not heard of yet. Nobody who asks can
   * tell.
   */
  isBetween(server: number): boolean;
}

interface Change {
  readonly data: string;
  readonly seenFrom: readonly number[];
}

const RECORD_ID = 'record-1' as RecordId;

export function zone(timeline: Timeline, random: Random, lagMs: number): Zone {
  const changes: Change[] = [];
  let ttlSeconds = 60;
  const said = (server: number): number =>
    changes.findLastIndex(({ seenFrom }) => (seenFrom[server] ?? 0) <= timeline.now());
  return {
    records: () => {
      const last = changes.at(-1);
      const unrelated = { id: 'record-0' as RecordId, type: 'MX', name: '', data: 'mail', ttlSeconds: 300 };
      if (last === undefined) return [unrelated];
      return [unrelated, { id: RECORD_ID, type: 'A', name: SUBDOMAIN, data: last.data, ttlSeconds }];
    },
    write: (data, lateMs) => {
      const now = timeline.now();
      changes.push({
        data,
        seenFrom: SERVERS.map((_, index) => now + random.int(100, lagMs) + (index > 0 ? lateMs : 0)),
      });
      return RECORD_ID;
    },
    setTtl: (seconds) => {
      ttlSeconds = seconds;
    },
    ttlSeconds: () => ttlSeconds,
    unfound: new Set(),
    answer: (server) => changes[said(server)]?.data,
    isBetween: (server) => {
      const last = changes.at(-1)?.data;
      return changes[said(server)]?.data !== last && changes.slice(0, said(server)).some(({ data }) => data === last);
    },
  };
}
