import { basename } from 'node:path';
import { namesIn, type Path } from './keys.ts';
import { isTree, type Layer, type Tree } from './layer.ts';
import { nearest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { NAME_PATTERN } from './schema.ts';
import type { Entry, YamlFile } from './yaml-file.ts';

export interface FileLayers {
  readonly base: Layer;
  /** By environment. */
  readonly overlays: ReadonlyMap<string, Layer>;
  readonly problems: readonly Problem[];
}

/** config.yaml as layers: what holds everywhere, and what each environment lays over it. */
export function fileLayers(file: YamlFile): FileLayers {
  const shape = shapeProblem(file);
  const whole = isTree(file.values) ? file.values : {};
  const { environments, ...sections } = whole;
  const named = isTree(environments) ? Object.entries(environments) : [];
  const problems = shape === undefined ? environmentProblems(file, environments) : [shape];
  return {
    base: layer(file, sections, undefined),
    overlays: new Map(named.map(([name, overlay]) => [name, layer(file, isTree(overlay) ? overlay : {}, name)])),
    problems,
  };
}

function shapeProblem(file: YamlFile): Problem | undefined {
  const allowed = `sections: ${namesIn([])?.join(', ')}, environments`;
  // All commented out is a choice; nothing at all is a file that was cut off or never written.
  if (file.text.trim() === '') {
    return { where: file.name, what: `the file is empty; allowed: ${allowed}; without the file the defaults hold` };
  }
  if (file.values === null || file.values === undefined || isTree(file.values)) return undefined;
  const found = Array.isArray(file.values) ? 'a list' : 'a text';
  return { where: `${file.name}:1:1`, what: `found ${found}, allowed: ${allowed}` };
}

function environmentProblems(file: YamlFile, environments: unknown): Problem[] {
  const where = (path: Path, part: 'key' | 'value'): string => place(file, path, part);
  if (environments === undefined || environments === null) return [];
  if (!isTree(environments)) {
    return [{ where: where(['environments'], 'value'), what: 'allowed: a section for each environment' }];
  }
  return Object.entries(environments).flatMap(([name, overlay]): Problem[] => {
    const path = ['environments', name];
    if (!NAME_PATTERN.test(name)) {
      return [{ where: where(path, 'key'), what: 'allowed as a name: lower-case letters, digits and dashes' }];
    }
    if (overlay === null || isTree(overlay)) return [];
    return [{ where: where(path, 'value'), what: `allowed: sections: ${namesIn([])?.join(', ')}` }];
  });
}

function layer(file: YamlFile, values: Tree, environment: string | undefined): Layer {
  const prefix = environment === undefined ? [] : ['environments', environment];
  const suffix = environment === undefined ? '' : ` (environment ${environment})`;
  return {
    values: withoutEmptySections(values, []),
    origin: (path) => `${basename(file.name)}:${entryAt(file, [...prefix, ...path])?.key.line ?? 1}${suffix}`,
    where: (path, part) => place(file, [...prefix, ...path], part),
  };
}

/** A section whose keys are all commented out is null in YAML, and means the same as no section. */
function withoutEmptySections(values: Tree, path: Path): Tree {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
      const here = [...path, name];
      if (namesIn(here) === undefined) return [[name, value]];
      if (value === null) return [];
      return [[name, isTree(value) ? withoutEmptySections(value, here) : value]];
    }),
  );
}

/** The entry at `path`, or the nearest one above it. */
function entryAt(file: YamlFile, path: Path): Entry | undefined {
  const id = path.join('\0');
  const found = file.entries.find((entry) => entry.path.join('\0') === id);
  return found ?? (path.length > 1 ? entryAt(file, path.slice(0, -1)) : undefined);
}

function place(file: YamlFile, path: Path, part: 'key' | 'value'): string {
  const entry = entryAt(file, path);
  const { line, column } = entry?.[part] ?? { line: 1, column: 1 };
  return `${file.name}:${line}:${column}  ${path.join('.')}`;
}

/** @returns what is wrong with choosing `environment`; undefined when it is there. "production" always is. */
export function unknownEnvironment(environment: string, overlays: ReadonlyMap<string, Layer>): string | undefined {
  const known = [...new Set(['production', ...overlays.keys()])];
  if (known.includes(environment)) return undefined;
  const meant = nearest(environment, known);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `found "${environment}", allowed: ${known.join(', ')}${hint}`;
}
