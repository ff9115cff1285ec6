import type { Path } from './keys.ts';

export type Tree = Readonly<Record<string, unknown>>;

/** Values from one place, nested as in config.yaml. Layers lie over each other by precedence. */
export interface Layer {
  readonly values: Tree;
  /** Where a value came from, for people: "config.yaml:12", "environment ANNY_TLS_EMAIL". */
  origin(path: Path): string;
  /** Where to look when the value (or, for an unknown one, the key) is wrong: "config.yaml:12:5  infra.vultr_plan". */
  where(path: Path, part: 'key' | 'value'): string;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at `path`; undefined when nothing is there. */
export function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, name) => {
    if (Array.isArray(node)) return node[Number(name)];
    return isTree(node) && Object.hasOwn(node, name) ? node[name] : undefined;
  }, tree);
}

/** A tree with the given values at the given paths. */
export function treeOf(values: Iterable<readonly [Path, unknown]>): Tree {
  const children = new Map<string, unknown>();
  const deeper = new Map<string, [Path, unknown][]>();
  for (const [[first, ...rest], value] of values) {
    if (first === undefined) continue;
    if (rest.length === 0) children.set(first, value);
    else deeper.set(first, [...(deeper.get(first) ?? []), [rest, value]]);
  }
  for (const [name, inner] of deeper) children.set(name, treeOf(inner));
  return Object.fromEntries(children);
}
