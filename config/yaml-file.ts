import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Path } from './keys.ts';
import type { Problem } from './problem.ts';

/** 1-based. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One key or list item as it stands in the file. */
export interface Entry {
  readonly path: Path;
  readonly key: Place;
  readonly value: Place;
  /** Text, number, boolean or null; undefined for a map or list. */
  readonly scalar: unknown;
}

export interface YamlFile {
  /** As shown in messages: "config.yaml". */
  readonly name: string;
  readonly text: string;
  readonly values: unknown;
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
  /** It is not YAML, so nothing more can be said of its content. */
  readonly broken: boolean;
}

const DEEPEST = 20;

/** Parses YAML and remembers where everything stands. Syntax errors and keys given twice are in `problems`, not thrown. */
export function parseYaml(text: string, name: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const entries = document.errors.length === 0 ? entriesIn(document, placeOf) : [];
  const { values, failed } = plain(document);
  const problems = [...syntaxProblems(document, placeOf, name), ...repeatedKeys(entries, name)];
  if (failed !== undefined && document.errors.length === 0) problems.push({ where: name, what: failed });
  const broken = document.errors.length > 0 || failed !== undefined;
  return { name, text, values, entries, problems, broken };
}

function plain(document: Document): { values?: unknown; failed?: string } {
  try {
    return { values: document.toJS() };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

function syntaxProblems(document: Document, placeOf: (offset: number) => Place, name: string): Problem[] {
  const byLine = new Map<number, Problem>();
  for (const error of document.errors) {
    const { line, column } = placeOf(error.pos[0]);
    // What follows on the same line is mostly the parser finding its way again.
    if (!byLine.has(line)) byLine.set(line, { where: `${name}:${line}:${column}`, what: explain(error) });
  }
  return [...byLine.values()];
}

function explain(error: { code: string; message: string }): string {
  if (error.code === 'TAB_AS_INDENT') return 'found a tab at the start of the line, allowed: spaces only';
  if (error.code === 'MULTIPLE_DOCS') return 'found a second document (---), allowed: one';
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY')
    return 'found a second ": " on the line, allowed: one, or the text in quotes';
  if (error.code === 'BAD_SCALAR_START') return `not YAML: ${error.message}; put the text in quotes`;
  return `not YAML: ${error.message}`;
}

function entriesIn(document: Document, placeOf: (offset: number) => Place): Entry[] {
  const entries: Entry[] = [];
  const start = (node: unknown): Place | undefined => {
    const range = isNode(node) ? node.range : undefined;
    return range ? placeOf(range[0]) : undefined;
  };
  const add = (path: Path, key: unknown, value: unknown): void => {
    const place = start(key) ?? start(value) ?? { line: 1, column: 1 };
    const scalar = isScalar(value) ? value.value : value === null ? null : undefined;
    entries.push({ path, key: place, value: start(value) ?? place, scalar });
    walk(value, path);
  };
  const walk = (node: unknown, path: Path): void => {
    if (path.length > DEEPEST) return;
    if (isAlias(node)) walk(node.resolve(document), path);
    if (isMap(node)) for (const pair of node.items) add([...path, nameOf(pair.key)], pair.key, pair.value);
    if (isSeq(node)) for (const [index, item] of node.items.entries()) add([...path, String(index)], item, item);
  };
  walk(document.contents, []);
  return entries;
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function repeatedKeys(entries: readonly Entry[], name: string): Problem[] {
  const first = new Map<string, Entry>();
  const problems: Problem[] = [];
  for (const entry of entries) {
    const id = entry.path.join('\0');
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, entry);
    else {
      const where = `${name}:${entry.key.line}:${entry.key.column}  ${entry.path.join('.')}`;
      problems.push({ where, what: `given twice, the first time on line ${earlier.key.line}` });
    }
  }
  return problems;
}
