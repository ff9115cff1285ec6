import type { Contents } from './papers/contents.ts';

/** What is different between two things of one kind: by name, with what it was and is. */
export interface Difference {
  readonly name: string;
  /** null: it is new. */
  readonly from: string | null;
  /** null: it is gone. */
  readonly to: string | null;
}

export interface ContentsDiff {
  readonly system: readonly Difference[];
  readonly packages: readonly Difference[];
  readonly files: readonly Difference[];
  /** The whole of /usr. */
  readonly tree: readonly Difference[];
  readonly services: readonly Difference[];
  readonly app: readonly Difference[];
}

export function diffContents(before: Contents, after: Contents): ContentsDiff {
  const of = (list: (contents: Contents) => ReadonlyMap<string, string>) => differences(list(before), list(after));
  return {
    system: of(({ system }) => new Map([['system', `${system.name}`]])),
    packages: of(packagesByName),
    files: of(
      ({ files }) =>
        new Map(files.map(({ path, sha256, mode, owner }) => [path, `${sha256.slice(0, 12)} ${mode} ${owner}`])),
    ),
    tree: of(({ tree }) => new Map(tree === null ? [] : [['/usr', tree.slice(0, 12)]])),
    services: of(({ services }) => new Map(services.map((unit) => [unit, 'enabled']))),
    app: of(({ app }) => new Map(app === null ? [] : [[app.reference, app.id.replace(/^sha256:/, '').slice(0, 12)]])),
  };
}

/** Of a library for a second architecture, too. */
function packagesByName({ packages, architecture }: Contents): ReadonlyMap<string, string> {
  const own = ['all', architecture];
  return new Map(
    packages.map((one) => [own.includes(one.architecture) ? one.name : `${one.name}:${one.architecture}`, one.version]),
  );
}

function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly Difference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .map((name) => ({ name, from: before.get(name) ?? null, to: after.get(name) ?? null }))
    .filter(({ from, to }) => from !== to);
}

export function diffText(diff: ContentsDiff): string {
  const parts = Object.entries(diff).flatMap(([kind, list]: [string, readonly Difference[]]) =>
    list.length === 0 ? [] : [`${kind}: ${countText(list)}`, ...list.map(line)],
  );
  return parts.length === 0 ? 'packages, files and services are the same\n' : `${parts.join('\n')}\n`;
}

function countText(list: readonly Difference[]): string {
  const count = (what: string, of: (one: Difference) => boolean): string[] => {
    const number = list.filter(of).length;
    return number === 0 ? [] : [`${number} ${what}`];
  };
  return [
    ...count('changed', ({ from, to }) => from !== null && to !== null),
    ...count('new', ({ from }) => from === null),
    ...count('gone', ({ to }) => to === null),
  ].join(', ');
}

function line({ name, from, to }: Difference): string {
  if (from === null) return `  + ${name}  ${to}`;
  return to === null ? `  - ${name}  ${from}` : `  ~ ${name}  ${from} -> ${to}`;
}
