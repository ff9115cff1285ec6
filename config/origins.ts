import { KEYS, type Key, type Path } from './keys.ts';
import { isTree, type Layer, type Tree, treeOf, valueAt } from './layer.ts';

/** A key (or one name in a map: "app.build_args.BASE_IMAGE"), its effective value, and where that came from. */
export interface Origin {
  readonly key: string;
  /** As it stands in config.yaml: "300s", not milliseconds. */
  readonly value: unknown;
  /** "environment ANNY_X", ".env line 3", "config.yaml:12", "config.yaml:40 (environment local)" or "default". */
  readonly origin: string;
}

interface Resolved {
  readonly path: Path;
  readonly value: unknown;
  readonly given: boolean;
  readonly rows: readonly Origin[];
}

/** Lays the layers over each other, the first wins. Maps are merged name by name; a given map replaces the default one. */
export function effective(layers: readonly Layer[]): { values: Tree; origins: readonly Origin[] } {
  const all = KEYS.map((key) => (key.kind === 'map' ? resolveMap(key, layers) : resolveKey(key, layers)));
  const given = all.filter((resolved) => resolved.given);
  return {
    values: treeOf(given.map(({ path, value }) => [path, value])),
    origins: all.flatMap((resolved) => resolved.rows),
  };
}

function resolveKey(key: Key, layers: readonly Layer[]): Resolved {
  const layer = layers.find(({ values }) => valueAt(values, key.path) !== undefined);
  const value = layer === undefined ? key.default : valueAt(layer.values, key.path);
  const origin = layer?.origin(key.path) ?? 'default';
  return { path: key.path, value, given: layer !== undefined, rows: [{ key: key.name, value, origin }] };
}

function resolveMap(key: Key, layers: readonly Layer[]): Resolved {
  const giving = layers.filter(({ values }) => valueAt(values, key.path) !== undefined);
  const entries = new Map<string, Origin>();
  for (const layer of giving.toReversed()) {
    for (const [name, value] of namesAndValues(valueAt(layer.values, key.path))) {
      entries.set(name, { key: `${key.name}.${name}`, value, origin: layer.origin([...key.path, name]) });
    }
  }
  if (giving.length === 0) {
    for (const [name, value] of namesAndValues(key.default)) {
      entries.set(name, { key: `${key.name}.${name}`, value, origin: 'default' });
    }
  }
  const value = Object.fromEntries([...entries].map(([name, row]) => [name, row.value]));
  const empty = { key: key.name, value, origin: giving[0]?.origin(key.path) ?? 'default' };
  return {
    path: key.path,
    value,
    given: giving.length > 0,
    rows: entries.size === 0 ? [empty] : [...entries.values()],
  };
}

function namesAndValues(value: unknown): [string, unknown][] {
  return isTree(value) ? Object.entries(value) : [];
}
