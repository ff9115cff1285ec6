import { relative } from 'node:path';

/** What init has done, and what is left to do. */
export interface Initialised {
  /** Public name. */
  readonly name: string;
  readonly repository: string;
  readonly wrote: readonly string[];
  readonly kept: readonly string[];
  /** Names of secrets that the .env which was there lacks. */
  readonly toAdd: readonly string[];
  /** The .gitignore that was there does not keep .env out. */
  readonly commitsEnv: boolean;
  /** In the account, by this command. */
  readonly made: readonly string[];
  /** What the account lacks still. */
  readonly lacks: readonly string[];
}

export function initText(done: Initialised): string {
  const { name, repository, wrote, kept, toAdd, commitsEnv, made, lacks } = done;
  const list = (title: string, items: readonly string[]): string[] =>
    items.length === 0 ? [] : [`${title.padEnd(9)} ${items.join(`\n${' '.repeat(10)}`)}`];
  const zone = made.find((what) => what.startsWith('domain '))?.slice('domain '.length);
  return [
    ...list('wrote', wrote.map(shown)),
    ...list('kept', kept.map(shown)),
    ...list('made', made),
    ...list('lacks', lacks),
    '',
    ...(toAdd.length === 0 ? [] : [`.env has no ${toAdd.join(', ')}: add what you use`]),
    ...(commitsEnv ? ['.gitignore has no line .env: add it, or the secrets will be committed.'] : []),
    ...(wrote.some((path) => path.endsWith('.env'))
      ? ['Keep a copy of ANNY_BACKUP_PASSWORD (.env) elsewhere: who loses it loses every backup.']
      : []),
    ...(repository === '' ? ['There will be NO BACKUPS: set backup.repository in config.yaml.'] : []),
    ...(zone === undefined
      ? []
      : [`${zone} is answered by Vultr once your registrar names ns1.vultr.com and ns2.vultr.com for it.`]),
    ...(lacks.length === 0
      ? []
      : [`first     add ${lacks.join(' and ')} to the account: by hand, or by anny-infra up (--up would have)`]),
    `next      anny-bluegreen promote --build     # bakes the image, then brings ${name} up`,
    'also      anny-bluegreen doctor --preflight, anny-bluegreen plan, anny-bluegreen config show',
    '',
  ].join('\n');
}

/** As one would type it here. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
