import { goneAs } from './check.ts';
import { KEYS, type Key, type Path } from './keys.ts';
import { type Layer, treeOf } from './layer.ts';
import { nearest } from './nearest.ts';
import type { Problem } from './problem.ts';
import type { Variables } from './variables.ts';

/** Names from the playbook, beside the ANNY_… name of the same key. */
const OTHER_NAMES: Readonly<Record<string, string>> = { CERTBOT_EMAIL: 'tls.email' };

const BY_VARIABLE = new Map<string, Key>([
  ...Object.entries(OTHER_NAMES).flatMap(([variable, name]): [string, Key][] =>
    KEYS.filter((key) => key.name === name).map((key) => [variable, key]),
  ),
  ...KEYS.map((key): [string, Key] => [key.variable, key]),
]);

const SECTIONS = [...new Set(KEYS.map((key) => `ANNY_${key.path[0]?.toUpperCase()}_`))];

/** Keys given as variables. A list is comma separated, a map is NAME=value, comma separated. */
export function variableLayer(variables: Variables): Layer {
  const given = new Map<string, string>();
  const values: [Path, unknown][] = [];
  for (const [variable, key] of BY_VARIABLE) {
    const text = variables.get(variable);
    if (text === undefined) continue;
    given.set(key.name, variable);
    values.push([key.path, read(text, key.kind)]);
  }
  const keyOf = (path: Path): string =>
    [...given.keys()].find((name) => `${path.join('.')}.`.startsWith(`${name}.`)) ?? path.join('.');
  const variableOf = (path: Path): string => given.get(keyOf(path)) ?? '';
  return {
    values: treeOf(values),
    origin: (path) => variables.origin(variableOf(path)),
    where: (path) => `${variables.where(variableOf(path))}  ${path.join('.')}`,
  };
}

/** What cannot be read stays text, and is then found wrong like a text in config.yaml. */
function read(text: string, kind: Key['kind']): unknown {
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (kind === 'number' && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (kind === 'list') return items(text);
  if (kind === 'map') {
    const pairs = items(text).map((item) => /^([^=]+)=(.*)$/s.exec(item));
    return pairs.includes(null) ? text : Object.fromEntries(pairs.map((pair) => [pair?.[1], pair?.[2]]));
  }
  return text;
}

function items(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/**
 * Variables that look like a key of ours but name none. A slip is a problem, since what it should have changed would
 * quietly stay as it was; one that resembles nothing is only worth a warning.
 * @param known names that are something else: secrets and the like.
 */
export function strangers(
  variables: Variables,
  known: ReadonlySet<string>,
): { problems: Problem[]; warnings: string[] } {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const name of variables.names) {
    const ours = SECTIONS.some((section) => name.startsWith(section));
    if (!ours || BY_VARIABLE.has(name) || known.has(name)) continue;
    const where = variables.where(name);
    const gone = goneAs(name);
    if (gone !== undefined) {
      problems.push({ where, what: gone.replace('this key', 'this variable') });
      continue;
    }
    if (name === 'ANNY_BACKUP_IDENTITY') {
      warnings.push(`${where}: opens age archives of earlier versions only, and is not read`);
      continue;
    }
    const meant = nearest(name, [...BY_VARIABLE.keys()]);
    if (meant === undefined) warnings.push(`${where}: names no key, and is not read`);
    else problems.push({ where, what: `names no key; did you mean ${meant}?` });
  }
  return { problems, warnings };
}
