/** What a first config.yaml must know, and the option that says it without a question. */
export const OPTIONS = {
  domain: '--domain <name>',
  zone: '--zone <domain>',
  region: '--region <id>',
  plan: '--plan <id>',
  app: '--app <name>',
  sshKey: '--ssh-key <path>',
  sshKeyName: '--ssh-key-name <name>',
  repository: '--repository <address>',
  email: '--email <address>',
} as const;

export type WishName = keyof typeof OPTIONS;
export type Given = Readonly<Partial<Record<WishName, string>>>;

export interface Wishes {
  /** The public name: "anny.example.com". */
  readonly domain: string;
  /** The domain of the account that it lies in. */
  readonly zone: string;
  readonly region: string;
  readonly plan: string;
  readonly app: string;
  /** Path of the private key; made when there is none. */
  readonly sshKey: string;
  readonly sshKeyName: string;
  /** "" for no backups. */
  readonly repository: string;
  readonly email: string;
}

/** For `--repository`: no backups, said in so many words. */
export const NO_REPOSITORY = 'none';

/** "" for the zone itself. */
export function subdomainOf({ domain, zone }: Pick<Wishes, 'domain' | 'zone'>): string {
  return domain === zone ? '' : domain.slice(0, -zone.length - 1);
}

/** Of the account's domains the longest that `domain` lies in; without one its last two labels, a guess. */
export function zoneOf(domain: string, known: readonly string[]): string {
  const around = known.filter((zone) => isIn(domain, zone)).sort((a, b) => b.length - a.length);
  return around[0] ?? domain.split('.').slice(-2).join('.');
}

export function isIn(domain: string, zone: string): boolean {
  return domain === zone || domain.endsWith(`.${zone}`);
}
