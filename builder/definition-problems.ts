import { z } from 'zod';
import { valueAt } from '../config/layer.ts';
import { nearest } from '../config/nearest.ts';
import type { YamlFile } from '../config/yaml-file.ts';
import { AnnyError } from '../operation/errors.ts';
import { definitionSchema } from './definition-schema.ts';

/** What is wrong in an image definition, in words: where, what was found, what is allowed. */

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'a map',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
};
const LONGEST_SHOWN = 60;

/** @throws {AnnyError} DEFINITION_INVALID with every problem at once; nothing when there are none. */
export function refuseDefinition(file: string, problems: readonly [string, ...string[]]): never;
export function refuseDefinition(file: string, problems: readonly string[]): void;
export function refuseDefinition(file: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new AnnyError('DEFINITION_INVALID', {
    doing: `reading ${file}`,
    found: problems.length === 1 ? (problems[0] ?? '') : `\n${problems.map((line) => `  ${line}`).join('\n')}`,
    next: 'correct it and run the command again; nothing was touched',
  });
}

/** "images/anny.yaml:12:5  tests.ports.0.from" */
export function placeIn(yaml: YamlFile, path: readonly string[], part: 'key' | 'value' = 'key'): string {
  const at = (wanted: readonly string[]) => yaml.entries.find((entry) => entry.path.join('\0') === wanted.join('\0'));
  for (let length = path.length; length > 0; length -= 1) {
    const entry = at(path.slice(0, length));
    if (entry === undefined) continue;
    const { line, column } = length === path.length ? entry[part] : entry.key;
    return `${yaml.name}:${line}:${column}  ${path.join('.')}`;
  }
  return `${yaml.name}  ${path.join('.')}`.trimEnd();
}

export function issueProblems(yaml: YamlFile, issues: readonly z.core.$ZodIssue[]): [string, ...string[]] {
  const [first = `${yaml.name}: it is no definition`, ...rest] = issues.flatMap((issue) => problemsOf(yaml, issue));
  return [first, ...rest];
}

function problemsOf(yaml: YamlFile, issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${placeIn(yaml, [...path, key])}: no such key; ${suggestion(path, key)}`);
  }
  const value = valueAt(yaml.values, path);
  return [`${placeIn(yaml, path, 'value')}: found ${describe(value)}, allowed: ${allowed(issue, path, value)}`];
}

function suggestion(path: readonly string[], key: string): string {
  const names = namesIn(path);
  const best = nearest(key, names);
  return best === undefined ? `allowed here: ${names.join(', ')}` : `did you mean ${[...path, best].join('.')}?`;
}

function allowed(issue: z.core.$ZodIssue, path: readonly string[], value: unknown): string {
  if (issue.code === 'invalid_value') {
    const words = issue.values.map(String);
    const best = typeof value === 'string' ? nearest(value, words) : undefined;
    return `${words.join(', ')}${best === undefined ? '' : `; did you mean ${best}?`}`;
  }
  if (issue.code === 'invalid_type') {
    const names = issue.expected === 'object' ? namesIn(path) : [];
    return `${KINDS[issue.expected] ?? issue.expected}${names.length === 0 ? '' : ` with ${names.join(', ')}`}`;
  }
  if (issue.code === 'too_small') return `at least ${issue.minimum}`;
  return issue.code === 'too_big' ? `at most ${issue.maximum}` : issue.message;
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  const text = JSON.stringify(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** The keys that a map at `path` may have; [] where none is meant. */
function namesIn(path: readonly string[]): readonly string[] {
  const schema: unknown = z.toJSONSchema(definitionSchema, { io: 'input' });
  const inside = (node: unknown, step: string): unknown =>
    valueAt(node, ['properties', step]) ?? valueAt(node, ['items']);
  return Object.keys(valueAt(path.reduce(inside, schema), ['properties']) ?? {});
}
