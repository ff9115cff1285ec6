/** What a restore waits for at Vultr and not on the local cloud: docs/recovery.md says the same, with where it is known from. */
export interface VultrWait {
  readonly what: string;
  /** The longest that is said of it. */
  readonly seconds: number;
  /** Nobody has published it: ours is a guess on the safe side. */
  readonly estimate?: true;
}

export const VULTR_WAITS: readonly VultrWait[] = [
  { what: 'a stock machine runs', seconds: 300 },
  { what: 'from a snapshot: longer by', seconds: 900 },
  { what: 'what does not answer is seen stopped', seconds: 60, estimate: true },
  { what: 'the name servers show a record', seconds: 300, estimate: true },
];

export function waitsText(waits: readonly VultrWait[]): string {
  const sum = waits.reduce((total, { seconds }) => total + seconds, 0);
  const each = waits.map((one) => `${one.what} ${one.seconds} s${one.estimate ? ' (estimate)' : ''}`);
  return `Vultr itself adds up to ${sum} s: ${each.join(', ')}`;
}
